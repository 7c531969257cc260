/* SPDX-License-Identifier: MIT */
/* Groups of events that are judged alike, by the digest of all that a judgement can depend on. */
#include "tools/chaperone/replay.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "tools/chaperone/replay_caller.h"

#define OWN_QUERY "(chaperone learns"

/* How long an outcome holds; seconds since 1970. */
struct span {
	int64_t from, until;
	struct replay_finding *finding;
};

struct group {
	size_t count, capacity;
	struct span spans[];
};

static void add_part(struct buf *key, struct slice text)
{
	buf_add_u32(key, (uint32_t)text.length);
	buf_add_slice(key, text);
}

static void add_texts(struct buf *key, const struct slice *texts, size_t count)
{
	buf_add_u32(key, (uint32_t)count);
	for (size_t i = 0; i < count; i++)
		add_part(key, texts[i]);
}

static int key_of(struct replay *replay, const struct audit_event *event, struct audit_key *ret_key)
{
	const struct record_entry *judgement = event->judgement;
	const struct slice parts[] = { judgement->shape,
				       judgement->decision,
				       judgement->reason,
				       judgement->would_decide,
				       judgement->masked,
				       audit_event_fact(event, "digest"),
				       audit_event_fact(event, "mode"),
				       audit_event_fact(event, "off") };
	unsigned char digest[SHA256_SIZE];
	struct buf *key = &replay->key;
	struct sha256 hash;

	buf_clear(key);
	buf_add_char(key, (char)event->kind);
	buf_add_char(key, (char)event->intent.intent.call);
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		add_part(key, parts[i]);
	add_texts(key, judgement->rules, judgement->rule_count);
	add_texts(key, judgement->effects, judgement->effect_count);
	replay_context_add(event, key);
	if (key->failed)
		return key->failed;
	sha256_init(&hash);
	sha256_add(&hash, key->at, key->length);
	sha256_end(&hash, digest);
	static_assert(sizeof(*ret_key) == sizeof(digest), "a key is a digest");
	memcpy(ret_key, digest, sizeof(digest));
	return 0;
}

static void finding_free(struct replay_finding *finding)
{
	if (!finding)
		return;
	replay_outcome_done(&finding->outcome);
	free(finding->who);
	free(finding->database);
	free(finding);
}
DEFINE_FREEP(struct replay_finding, finding_freep, finding_free)

static int copy_text(struct slice text, char **ret_copy)
{
	char *copy = text.length ? strndup(text.at, text.length) : strdup("");

	*ret_copy = copy;
	return copy ? 0 : -ENOMEM;
}

static int finding_new(struct replay *replay, const struct audit_event *event,
		       struct replay_finding **ret_finding)
{
	SCOPED(finding_freep) struct replay_finding *finding = calloc(1, sizeof(*finding));
	SCOPED(buf_done) struct buf who = BUF_MAX(4 * KIB);

	if (!finding)
		return -ENOMEM;
	audit_event_who(event, &who);
	finding->shape = event->judgement->shape;
	int r = copy_text(buf_view(&who), &finding->who);
	if (r == 0)
		r = copy_text(audit_event_fact(event, "database"), &finding->database);
	if (r == 0)
		r = replay_judge(&replay->judge, event, &finding->outcome);
	if (r == 0)
		*ret_finding = steal(finding);
	return r;
}

static bool verdicts_equal(const struct replay_verdict *a, const struct replay_verdict *b)
{
	if (!a->verdict || !b->verdict)
		return a->verdict == b->verdict;
	return strcmp(a->verdict, b->verdict) == 0 && strcmp(a->reason, b->reason) == 0 &&
	       strcmp(a->rules, b->rules) == 0 && strcmp(a->masked, b->masked) == 0;
}

static bool outcomes_equal(const struct replay_outcome *a, const struct replay_outcome *b)
{
	return a->doubt == b->doubt && a->change == b->change && a->is_checked == b->is_checked &&
	       verdicts_equal(&a->is, &b->is);
}

/* The finding of the group that has this outcome already; else the new one, which is kept. */
static struct replay_finding *keep(struct replay *replay, const struct group *group,
				   struct replay_finding *fresh)
{
	for (size_t i = 0; i < group->count; i++) {
		struct replay_finding *known = group->spans[i].finding;

		if (outcomes_equal(&known->outcome, &fresh->outcome)) {
			finding_free(fresh);
			return known;
		}
	}
	fresh->next = replay->findings;
	replay->findings = fresh;
	return fresh;
}

static struct span *span_at(struct group *group, int64_t now)
{
	for (size_t i = group ? group->count : 0; i-- > 0;) {
		if (now >= group->spans[i].from && now < group->spans[i].until)
			return &group->spans[i];
	}
	return NULL;
}

/* The group with room for one more span. */
static int grow(struct replay *replay, const struct audit_key *key, struct group **ret_group)
{
	struct group *group = audit_map_take(&replay->groups, key);
	size_t capacity = !group                           ? 1
			  : group->count < group->capacity ? group->capacity
							   : group->capacity * 2;
	struct group *larger = realloc(group, sizeof(*larger) + capacity * sizeof(struct span));

	if (!larger) {
		free(group);
		return -ENOMEM;
	}
	if (!group)
		larger->count = 0;
	larger->capacity = capacity;
	int r = audit_map_put(&replay->groups, key, larger);
	if (r < 0)
		free(larger);
	else
		*ret_group = larger;
	return r;
}

static int judge_span(struct replay *replay, const struct audit_key *key,
		      const struct audit_event *event, struct replay_finding **ret_finding)
{
	int64_t now = (int64_t)(event->time_ns / SECOND_NS);
	struct replay_finding *finding = NULL;
	struct group *group;
	int r = grow(replay, key, &group);

	if (r == 0)
		r = finding_new(replay, event, &finding);
	if (r < 0)
		return r;
	int64_t until = finding->outcome.valid_until;
	finding = keep(replay, group, finding);
	group->spans[group->count++] =
		(struct span){ until == INT64_MAX ? INT64_MIN : now, until, finding };
	*ret_finding = finding;
	return 0;
}

static void count(struct replay_totals *totals, struct replay_finding *finding, uint64_t time_ns)
{
	const struct replay_outcome *outcome = &finding->outcome;
	bool is_certain = outcome->doubt == REPLAY_CERTAIN, is_first = finding->seen == 0;
	bool is_changed = is_certain && outcome->change != REPLAY_SAME_VERDICT;

	totals->statements++;
	totals->distinct += is_first;
	totals->doubtful[outcome->doubt]++;
	totals->checked += is_certain && outcome->is_checked;
	totals->changed[outcome->change] += is_certain;
	totals->distinct_changed += is_first && is_changed;
	totals->distinct_doubtful += is_first && !is_certain;
	finding->seen++;
	if (time_ns > finding->last_ns)
		finding->last_ns = time_ns;
}

int replay_add(struct replay *replay, const struct audit_event *event)
{
	struct replay_finding *finding = NULL;
	struct audit_key key;

	if (event->kind == AUDIT_NOTE || !event->judgement ||
	    slice_starts_with(event->judgement->shape, OWN_QUERY))
		return 0;
	int r = key_of(replay, event, &key);
	if (r < 0)
		return r;
	struct span *span = span_at(audit_map_get(&replay->groups, &key),
				    (int64_t)(event->time_ns / SECOND_NS));
	if (span)
		finding = span->finding;
	else
		r = judge_span(replay, &key, event, &finding);
	if (r == 0)
		count(&replay->totals, finding, event->time_ns);
	return r;
}

static int compare_findings(const void *a, const void *b)
{
	const struct replay_finding *left = *(const struct replay_finding *const *)a;
	const struct replay_finding *right = *(const struct replay_finding *const *)b;

	if (left->outcome.doubt != right->outcome.doubt)
		return (int)left->outcome.doubt - (int)right->outcome.doubt;
	if (left->outcome.change != right->outcome.change)
		return (int)left->outcome.change - (int)right->outcome.change;
	if (left->seen != right->seen)
		return left->seen < right->seen ? 1 : -1;
	return slice_compare(left->shape, right->shape);
}

static bool is_wanted(const struct replay_finding *finding, bool is_changed)
{
	if (!is_changed)
		return finding->outcome.doubt != REPLAY_CERTAIN;
	return finding->outcome.doubt == REPLAY_CERTAIN &&
	       finding->outcome.change != REPLAY_SAME_VERDICT;
}

int replay_sort(const struct replay *replay, bool is_changed,
		const struct replay_finding ***ret_list, size_t *ret_count)
{
	size_t found = 0, wanted = is_changed ? replay->totals.distinct_changed
					      : replay->totals.distinct_doubtful;
	const struct replay_finding **list = calloc(wanted + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	for (const struct replay_finding *f = replay->findings; f; f = f->next) {
		if (is_wanted(f, is_changed))
			list[found++] = f;
	}
	qsort(list, found, sizeof(*list), compare_findings);
	*ret_list = list;
	*ret_count = found;
	return 0;
}

void replay_done(struct replay *replay)
{
	for (struct replay_finding *finding = replay->findings, *next; finding; finding = next) {
		next = finding->next;
		finding_free(finding);
	}
	audit_map_done(&replay->groups);
	analysis_done(&replay->judge.analysis);
	buf_done(&replay->key);
}
