/* SPDX-License-Identifier: MIT */
/* The filters of list and tail, and a ring of the newest events. */
#include "tools/chaperone/audit_select.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* `pattern` matches all of `name`, or what stands behind the last `separator`. */
static bool matches_name(struct slice name, char separator, struct slice pattern)
{
	const char *last = name.length ? memrchr(name.at, separator, name.length) : NULL;

	if (slice_matches(name, pattern))
		return true;
	return last &&
	       slice_matches(slice_part(name, (size_t)(last - name.at) + 1, name.length), pattern);
}

static bool is_person(const struct audit_event *event, struct slice pattern)
{
	static const char *const PEOPLE[] = { "subject", "person", "as", "user", "agent" };

	for (size_t i = 0; i < COUNT_OF(PEOPLE); i++) {
		struct slice value = audit_event_fact(event, PEOPLE[i]);

		if (value.length && slice_matches(value, pattern))
			return true;
	}
	return false;
}

/* An effect is a verb and, behind a space, an object. */
static bool is_table(const struct audit_event *event, struct slice pattern)
{
	for (size_t i = 0; event->judgement && i < event->judgement->effect_count; i++) {
		struct slice object = event->judgement->effects[i];

		slice_cut(&object, ' ');
		if (object.length && matches_name(object, '.', pattern))
			return true;
	}
	return false;
}

static bool is_rule(const struct audit_event *event, struct slice pattern)
{
	for (size_t i = 0; event->judgement && i < event->judgement->rule_count; i++) {
		if (matches_name(event->judgement->rules[i], '/', pattern))
			return true;
	}
	return false;
}

static bool is_verdict(const struct audit_event *event, struct slice pattern)
{
	return slice_matches(slice_of(audit_event_verdict(event)), pattern) ||
	       (slice_is(pattern, "masked") && event->end == AUDIT_END_KNOWN &&
		event->outcome.outcome.masked_cells > 0) ||
	       (slice_is(pattern, "refused") && audit_event_is_refused(event));
}

/* A run is named by the beginning of its id, or by its number in the boot. */
static bool is_run(const struct audit_event *event, struct slice id)
{
	struct slice run = audit_event_fact(event, "run");
	char number[24];

	if (run.length >= id.length && slice_equal(slice_part(run, 0, id.length), id))
		return true;
	if (!event->run)
		return false;
	snprintf(number, sizeof(number), "%llu", (unsigned long long)event->run->number);
	return slice_is(id, number);
}

bool audit_is_selected(const struct audit_options *options, const struct audit_event *event)
{
	const struct {
		const char *pattern;
		bool (*is)(const struct audit_event *, struct slice);
	} filters[] = {
		{ options->person, is_person }, { options->table, is_table },
		{ options->rule, is_rule },     { options->verdict, is_verdict },
		{ options->run, is_run },
	};

	if (event->time_ns < options->since_ns || event->time_ns > options->until_ns)
		return false;
	for (size_t i = 0; i < COUNT_OF(filters); i++) {
		const char *pattern = filters[i].pattern;

		if (pattern && pattern[0] && !filters[i].is(event, slice_of(pattern)))
			return false;
	}
	return true;
}

static int grow(struct audit_newest *newest)
{
	size_t capacity = newest->capacity ? newest->capacity * 2 : 64;

	if (capacity > newest->limit)
		capacity = newest->limit;
	struct audit_event *at = realloc(newest->at, capacity * sizeof(*at));
	if (!at)
		return -ENOMEM;
	newest->at = at;
	newest->capacity = capacity;
	return 0;
}

int audit_newest_add(struct audit_newest *newest, const struct audit_event *event)
{
	if (newest->count == newest->limit) {
		newest->at[newest->oldest] = *event;
		newest->oldest = (newest->oldest + 1) % newest->limit;
		return 0;
	}
	int r = newest->count < newest->capacity ? 0 : grow(newest);
	if (r < 0)
		return r;
	newest->at[newest->count++] = *event;
	return 0;
}

static int compare_times(const void *a, const void *b)
{
	const struct audit_event *left = a, *right = b;

	if (left->time_ns != right->time_ns)
		return left->time_ns < right->time_ns ? -1 : 1;
	return (left->sequence > right->sequence) - (left->sequence < right->sequence);
}

void audit_newest_sort(struct audit_newest *newest)
{
	if (newest->count)
		qsort(newest->at, newest->count, sizeof(*newest->at), compare_times);
}

void audit_newest_done(struct audit_newest *newest)
{
	free(newest->at);
	*newest = (struct audit_newest){ 0 };
}
