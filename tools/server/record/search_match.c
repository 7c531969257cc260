/* SPDX-License-Identifier: MIT */
#include "tools/server/record/search_match.h"

#include <errno.h>
#include <string.h>

#include "common/buf.h"
#include "common/record.h"

#define KNOWN_SLOTS 4096u /* a power of two; one that takes another's slot is looked up again */

/* What was found out about a connection or a judgement. */
struct known {
	bool is_there, is_match, is_refusal;
	int64_t source, number;
};

struct search_match {
	struct store *store;
	const struct search_filter *filter;
	bool wants_subject, wants_judgement;
	struct known connections[KNOWN_SLOTS], judgements[KNOWN_SLOTS];
};

/* These ask for something of the event itself. */
static bool is_masked_asked(const struct search_filter *filter)
{
	return slice_is(filter->verdict, "masked");
}

static bool is_refused_asked(const struct search_filter *filter)
{
	return slice_is(filter->verdict, "refused");
}

static bool wants_subject(const struct search_filter *filter)
{
	return filter->person.length > 0 || filter->agent.length > 0 || filter->database.length > 0;
}

static bool wants_judgement(const struct search_filter *filter)
{
	return filter->table.length > 0 || filter->shape.length > 0 || filter->rule.length > 0 ||
	       filter->verdict.length > 0;
}

int search_match_new(struct store *store, const struct search_filter *filter,
		     struct search_match **ret_match)
{
	struct search_match *match = calloc(1, sizeof(*match));

	if (!match)
		return -ENOMEM;
	match->store = store;
	match->filter = filter;
	match->wants_subject = wants_subject(filter);
	match->wants_judgement = wants_judgement(filter);
	*ret_match = match;
	return 0;
}

void search_match_free(struct search_match *match)
{
	free(match);
}

/* ---- names ---- */

static bool fits(struct slice pattern, struct slice name)
{
	return pattern.length == 0 || (name.length > 0 && slice_matches(name, pattern));
}

/* `pattern` matches all of `name`, or what stands behind the last `separator`. */
static bool fits_last(struct slice pattern, struct slice name, char separator)
{
	const char *last = name.length ? memrchr(name.at, separator, name.length) : NULL;

	return fits(pattern, name) ||
	       (last && fits(pattern, slice_part(name, (size_t)(last - name.at) + 1, SIZE_MAX)));
}

bool search_match_agent(struct slice pattern, struct slice id, struct slice host)
{
	return fits(pattern, id) || fits(pattern, host);
}

bool search_match_part(struct slice text, struct slice part)
{
	for (size_t i = 0; i + part.length <= text.length; i++) {
		if (slice_equal_ignoring_case(slice_part(text, i, part.length), part))
			return true;
	}
	return false;
}

/* An effect is a verb and, behind a space, an object. */
static bool has_table(struct slice effects, struct slice pattern)
{
	while (effects.length > 0) {
		struct slice object = slice_cut(&effects, '\n');

		slice_cut(&object, ' ');
		if (object.length > 0 && fits_last(pattern, object, '.'))
			return true;
	}
	return false;
}

static bool has_rule(struct slice rules, struct slice pattern)
{
	while (rules.length > 0) {
		if (fits_last(pattern, slice_cut(&rules, '\n'), '/'))
			return true;
	}
	return false;
}

static bool is_shape(struct slice shape, struct slice id, struct slice wanted)
{
	char room[2 * SEARCH_SHAPE_ID + 1];
	struct buf text = BUF_OVER(room);

	buf_add_hex(&text, id.at, id.length);
	return slice_equal_ignoring_case(buf_view(&text), wanted) ||
	       search_match_part(shape, wanted);
}

/* ---- what is kept ---- */

static struct known *find_known(struct known *slots, int64_t source, int64_t number)
{
	uint64_t mixed =
		((uint64_t)source * 0x9e3779b97f4a7c15u ^ (uint64_t)number) * 0xff51afd7ed558ccdu;

	return &slots[(mixed ^ mixed >> 32) & (KNOWN_SLOTS - 1)];
}

/* Where the rows of a query are looked at. */
struct looking {
	const struct search_filter *filter;
	struct known *known;
};

enum { PERSON, OS_USER, BOT, DATABASE, AGENT, HOST };

static int look_at_subject(void *context, const struct store_value *columns, size_t count)
{
	struct looking *looking = context;
	const struct search_filter *filter = looking->filter;
	struct slice person = filter->person;

	(void)count;
	looking->known->is_match =
		(fits(person, columns[PERSON].bytes) || fits(person, columns[OS_USER].bytes) ||
		 fits(person, columns[BOT].bytes)) &&
		fits(filter->database, columns[DATABASE].bytes) &&
		search_match_agent(filter->agent, columns[AGENT].bytes, columns[HOST].bytes);
	return 0;
}

static int find_subject(struct search_match *match, const struct search_key *key,
			struct looking *looking)
{
	return store_run(match->store,
			 "SELECT subject.person, subject.os_user, subject.bot, subject.database,"
			 " agent.id, agent.host FROM record_source AS origin"
			 " JOIN agent ON agent.id = origin.agent"
			 " LEFT JOIN record_subject AS subject ON subject.source = origin.source"
			 " AND subject.kind = $1 AND subject.number = $2"
			 " WHERE origin.source = $3",
			 STORE_VALUES(store_number(RECORD_CONNECTION),
				      store_number(key->connection), store_number(key->source)),
			 look_at_subject, looking);
}

static bool is_verdict(const struct search_filter *filter, struct slice verdict)
{
	return is_masked_asked(filter) || is_refused_asked(filter) ||
	       fits(filter->verdict, verdict);
}

enum { SHAPE_ID, SHAPE, VERDICT, RULES, EFFECTS };

static int look_at_judgement(void *context, const struct store_value *columns, size_t count)
{
	struct looking *looking = context;
	const struct search_filter *filter = looking->filter;
	struct slice verdict = columns[VERDICT].bytes;

	(void)count;
	looking->known->is_refusal = slice_is(verdict, "deny") || slice_is(verdict, "approve");
	looking->known->is_match =
		is_verdict(filter, verdict) &&
		(filter->rule.length == 0 || has_rule(columns[RULES].bytes, filter->rule)) &&
		(filter->table.length == 0 || has_table(columns[EFFECTS].bytes, filter->table)) &&
		(filter->shape.length == 0 ||
		 is_shape(columns[SHAPE].bytes, columns[SHAPE_ID].bytes, filter->shape));
	return 0;
}

static int find_judgement(struct search_match *match, const struct search_event *event,
			  struct looking *looking)
{
	const struct search_filter *filter = match->filter;

	/* what is not known is "unknown", and has no rule, table or shape */
	looking->known->is_match = filter->rule.length == 0 && filter->table.length == 0 &&
				   filter->shape.length == 0 &&
				   is_verdict(filter, SLICE("unknown"));
	return store_run(
		match->store,
		"SELECT shape_id, shape, verdict, rules, effects FROM record_judgement"
		" WHERE source = $1 AND number = $2",
		STORE_VALUES(store_number(event->key.source), store_number(event->judgement)),
		look_at_judgement, looking);
}

static int know_connection(struct search_match *match, const struct search_event *event,
			   const struct known **ret_known)
{
	const struct search_key *key = &event->key;
	struct known *known = find_known(match->connections, key->source, key->connection);
	struct looking looking = { match->filter, known };
	int r = 0;

	*ret_known = known;
	if (known->is_there && known->source == key->source && known->number == key->connection)
		return 0;
	*known = (struct known){ .source = key->source, .number = key->connection };
	r = find_subject(match, key, &looking);
	known->is_there = r >= 0;
	return r < 0 ? r : 0;
}

static int know_judgement(struct search_match *match, const struct search_event *event,
			  const struct known **ret_known)
{
	int64_t source = event->key.source;
	struct known *known = find_known(match->judgements, source, event->judgement);
	struct looking looking = { match->filter, known };
	int r = 0;

	*ret_known = known;
	if (known->is_there && known->source == source && known->number == event->judgement)
		return 0;
	*known = (struct known){ .source = source, .number = event->judgement };
	r = find_judgement(match, event, &looking);
	known->is_there = r >= 0;
	return r < 0 ? r : 0;
}

static bool is_refused(const struct search_event *event, const struct known *judgement)
{
	return event->key.kind == SEARCH_ASKED ? judgement->is_refusal
					       : (event->flags & RING_REFUSED) != 0;
}

static int match_judgement(struct search_match *match, const struct search_event *event)
{
	const struct known *known;
	int r = know_judgement(match, event, &known);

	if (r < 0 || !known->is_match)
		return r;
	if (is_masked_asked(match->filter))
		return event->has_ended && !event->is_lost && event->masked_cells > 0;
	return !is_refused_asked(match->filter) || is_refused(event, known);
}

int search_match_event(struct search_match *match, const struct search_event *event)
{
	const struct known *known;
	int r;

	if (match->wants_judgement) {
		r = match_judgement(match, event);
		if (r <= 0)
			return r;
	}
	if (!match->wants_subject)
		return 1;
	r = know_connection(match, event, &known);
	return r < 0 ? r : known->is_match;
}
