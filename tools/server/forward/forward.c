/* SPDX-License-Identifier: MIT */
#include "tools/server/forward/forward.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"

#define COLUMNS                                                                                    \
	"to_whom.name, to_whom.made, to_whom.kind, to_whom.url, to_whom.headers,"                  \
	" to_whom.authorities, to_whom.timeout, to_whom.open_after, to_whom.since,"                \
	" to_whom.state, done.leaf, done.place, done.open_leaf, done.sent, done.rejected,"         \
	" done.skipped, done.succeeded, done.failed, done.error, tree.log, tree.forwarder,"        \
	" tree.name, tree.size"

/* The query's own words name it no further than this. */
#define JOINED " LEFT JOIN forward_log AS done ON done.name = to_whom.name AND done.log = tree.log"

enum column {
	NAME,
	MADE,
	KIND,
	URL,
	HEADERS,
	AUTHORITIES,
	TIMEOUT,
	OPEN_AFTER,
	SINCE,
	STATE,
	LEAF,
	PLACE,
	OPEN_LEAF,
	SENT,
	REJECTED,
	SKIPPED,
	SUCCEEDED,
	FAILED,
	ERROR,
	LOG,
	FORWARDER,
	LOG_NAME,
	LOG_SIZE,
	COLUMN_COUNT,
};

_Static_assert((size_t)COLUMN_COUNT <= STORE_VALUES_MAX, "a row has them all");

static const char *const KINDS[] = { [FORWARD_OTLP] = "otlp", [FORWARD_NDJSON] = "ndjson" };
static const char *const STATES[] = {
	[FORWARD_RUNNING] = "running", [FORWARD_PAUSED] = "paused", [FORWARD_STOPPED] = "stopped"
};

void forward_done(struct forward *forward)
{
	if (forward->headers.at)
		explicit_bzero(forward->headers.at, forward->headers.length);
	buf_done(&forward->headers);
	buf_done(&forward->authorities);
}

static int find_word(const char *const *words, size_t count, struct slice word, int *ret_number)
{
	for (size_t i = 0; i < count; i++) {
		if (slice_is(word, words[i])) {
			*ret_number = (int)i;
			return 0;
		}
	}
	return -EINVAL;
}

int forward_kind_read(const char *text, enum forward_kind *ret_kind)
{
	int kind;
	int r = find_word(KINDS, COUNT_OF(KINDS), slice_of(text), &kind);

	if (r == 0)
		*ret_kind = (enum forward_kind)kind;
	return r;
}

const char *forward_kind_text(enum forward_kind kind)
{
	return KINDS[kind];
}

const char *forward_state_text(enum forward_state state)
{
	return STATES[state];
}

static struct store_value number(uint64_t value)
{
	return store_number((int64_t)value);
}

struct slice forward_shown_url(const struct forward *forward)
{
	struct slice rest = slice_of(forward->url);

	return slice_cut(&rest, '?');
}

/* Of a log that has nothing that is new enough, what comes next. */
static int begin_logs(struct store *store, const struct forward *forward, enum forward_from from)
{
	return store_do(
		store,
		"INSERT INTO forward_log (name, log, leaf, place, open_leaf, sent, rejected, skipped,"
		" error) SELECT $1, log, at, 0, at, 0, 0, 0, '' FROM (SELECT tree.log AS log,"
		" CASE $2 WHEN 0 THEN tree.size WHEN 1 THEN 0 ELSE coalesce("
		"(SELECT min(first_leaf) FROM record_delivery AS delivery"
		" WHERE delivery.log = tree.log AND delivery.last_time >= $3), tree.size) END AS at"
		" FROM log_tree AS tree) AS beginning",
		STORE_VALUES(store_text(slice_of(forward->name)), store_number(from),
			     number(forward->since_ns)));
}

_Static_assert(FORWARD_FROM_NOW == 0 && FORWARD_FROM_START == 1, "as the statement has them");

int forward_add(struct store *store, const struct forward *forward, enum forward_from from)
{
	int64_t count = 0;
	int r = store_run(store, "SELECT count(*) FROM forward", STORE_NO_VALUES, store_take_number,
			  &count);

	if (r < 0 || count >= FORWARDS_MAX)
		return r < 0 ? r : -E2BIG;
	r = store_do(
		store,
		"INSERT INTO forward (name, made, kind, url, headers, authorities, timeout,"
		" open_after, since, state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,"
		" 'running')",
		STORE_VALUES(
			store_text(slice_of(forward->name)), store_number(forward->made_ns),
			store_text(slice_of(KINDS[forward->kind])),
			store_text(slice_of(forward->url)), store_text(buf_view(&forward->headers)),
			store_text(buf_view(&forward->authorities)), number(forward->timeout_s),
			number(forward->open_after_s), number(forward->since_ns)));
	return r < 0 ? r : begin_logs(store, forward, from);
}

static int copy_text(char *text, size_t size, struct slice value)
{
	int length = snprintf(text, size, "%.*s", SLICE_ARGUMENTS(value));

	return (size_t)length < size ? 0 : -EUCLEAN;
}

static int read_texts(const struct store_value *columns, struct forward *forward)
{
	int kind, state;
	int r = find_word(KINDS, COUNT_OF(KINDS), columns[KIND].bytes, &kind);

	if (r == 0)
		r = find_word(STATES, COUNT_OF(STATES), columns[STATE].bytes, &state);
	if (r < 0)
		return -EUCLEAN;
	forward->kind = (enum forward_kind)kind;
	forward->state = (enum forward_state)state;
	buf_add_slice(&forward->headers, columns[HEADERS].bytes);
	buf_add_slice(&forward->authorities, columns[AUTHORITIES].bytes);
	if (forward->headers.failed || forward->authorities.failed)
		return -EUCLEAN;
	r = copy_text(forward->name, sizeof(forward->name), columns[NAME].bytes);
	if (r == 0)
		r = copy_text(forward->url, sizeof(forward->url), columns[URL].bytes);
	if (r == 0)
		r = copy_text(forward->error, sizeof(forward->error), columns[ERROR].bytes);
	return r < 0 ? r
		     : copy_text(forward->log.name, sizeof(forward->log.name),
				 columns[LOG_NAME].bytes);
}

static uint64_t number_of(const struct store_value *value)
{
	return value->kind == STORE_NULL ? 0 : (uint64_t)value->number;
}

static int read_row(const struct store_value *columns, struct forward *forward)
{
	forward->made_ns = columns[MADE].number;
	forward->timeout_s = number_of(&columns[TIMEOUT]);
	forward->open_after_s = number_of(&columns[OPEN_AFTER]);
	forward->since_ns = number_of(&columns[SINCE]);
	forward->progress.next.leaf = number_of(&columns[LEAF]);
	forward->progress.next.place = number_of(&columns[PLACE]);
	forward->progress.open_leaf = number_of(&columns[OPEN_LEAF]);
	forward->sent = number_of(&columns[SENT]);
	forward->rejected = number_of(&columns[REJECTED]);
	forward->skipped = number_of(&columns[SKIPPED]);
	forward->succeeded_ns = number_of(&columns[SUCCEEDED]);
	forward->failed_ns = number_of(&columns[FAILED]);
	forward->log.log = (int64_t)number_of(&columns[LOG]);
	forward->log.forwarder = (int64_t)number_of(&columns[FORWARDER]);
	forward->log.has_begun = columns[LEAF].kind != STORE_NULL;
	forward->log.size = number_of(&columns[LOG_SIZE]);
	return read_texts(columns, forward);
}

struct visit {
	forward_fn *seen;
	void *context;
};

static int visit(void *context, const struct store_value *columns, size_t count)
{
	const struct visit *each = context;
	SCOPED(forward_done) struct forward forward = FORWARD_EMPTY;
	int r = read_row(columns, &forward);

	(void)count;
	return r < 0 ? r : each->seen(each->context, &forward);
}

int forward_each(struct store *store, int64_t forwarder, forward_fn *seen, void *context)
{
	struct visit each = { seen, context };

	return store_run(store,
			 "SELECT " COLUMNS " FROM forward AS to_whom LEFT JOIN log_tree AS tree"
			 " ON $1 = 0 OR tree.forwarder = $1" JOINED
			 " ORDER BY to_whom.name, tree.log",
			 STORE_VALUES(store_number(forwarder)), visit, &each);
}

static int take_row(void *context, const struct store_value *columns, size_t count)
{
	(void)count;
	return read_row(columns, context);
}

int forward_find(struct store *store, const char *name, struct forward *ret_forward)
{
	int r = store_run(store,
			  "SELECT " COLUMNS " FROM forward AS to_whom LEFT JOIN log_tree AS tree"
			  " ON tree.log = (SELECT min(log) FROM log_tree)" JOINED
			  " WHERE to_whom.name = $1",
			  STORE_VALUES(store_text(slice_of(name))), take_row, ret_forward);

	if (r < 0)
		return r;
	return ret_forward->name[0] ? 0 : -ENOENT;
}

static int changed_one(int r)
{
	return r == 0 ? -ENOENT : r < 0 ? r : 0;
}

int forward_begin(struct store *store, int64_t forwarder)
{
	return store_do(
		store,
		"INSERT INTO forward_log (name, log, leaf, place, open_leaf, sent, rejected, skipped,"
		" error) SELECT to_whom.name, tree.log, 0, 0, 0, 0, 0, 0, '' FROM forward AS to_whom"
		" CROSS JOIN log_tree AS tree WHERE tree.forwarder = $1 AND NOT EXISTS"
		" (SELECT 1 FROM forward_log AS done WHERE done.name = to_whom.name"
		" AND done.log = tree.log)",
		STORE_VALUES(store_number(forwarder)));
}

int forward_take_own(struct store *store, int64_t log)
{
	return store_do(store,
			"UPDATE log_tree SET forwarder = log WHERE log = $1 AND forwarder <> log",
			STORE_VALUES(store_number(log)));
}

/* A log that is to be taken over. */
struct taking {
	int64_t log;
	bool is_alive; /* the server that sends it on, and that is another one */
};

static int take_log(void *context, const struct store_value *columns, size_t count)
{
	struct taking *taking = context;

	(void)count;
	taking->log = columns[0].number;
	taking->is_alive = columns[1].number > 0;
	return 0;
}

int forward_take_over(struct store *store, const char *name, int64_t taker)
{
	struct taking taking = { .log = 0 };
	int64_t others = 0;
	int r = store_run(store,
			  "SELECT tree.log, (SELECT count(*) FROM pulse JOIN log_tree AS sender"
			  " ON sender.name = pulse.server WHERE sender.log = tree.forwarder"
			  " AND sender.log <> $1 AND pulse.beat > $2)"
			  " FROM log_tree AS tree WHERE tree.name = $3",
			  STORE_VALUES(store_number(taker), number(realtime_ns() - FORWARD_GONE_NS),
				       store_text(slice_of(name))),
			  take_log, &taking);

	if (r == 0)
		r = store_run(store,
			      "SELECT count(*) FROM log_tree WHERE forwarder = $1 AND log <> $2",
			      STORE_VALUES(store_number(taker), store_number(taking.log)),
			      store_take_number, &others);
	if (r < 0)
		return r;
	if (taking.log == 0)
		return -ENOENT;
	if (taking.is_alive || others >= FORWARD_LOGS_MAX)
		return taking.is_alive ? -EBUSY : -E2BIG;
	return store_do(store, "UPDATE log_tree SET forwarder = $1 WHERE log = $2",
			STORE_VALUES(store_number(taker), store_number(taking.log)));
}

int forward_remove(struct store *store, const char *name)
{
	int r = store_do(store, "DELETE FROM forward_log WHERE name = $1",
			 STORE_VALUES(store_text(slice_of(name))));

	if (r < 0)
		return r;
	return changed_one(store_run(store, "DELETE FROM forward WHERE name = $1",
				     STORE_VALUES(store_text(slice_of(name))), NULL, NULL));
}

int forward_set_state(struct store *store, const char *name, enum forward_state state)
{
	return changed_one(store_run(
		store, "UPDATE forward SET state = $1 WHERE name = $2",
		STORE_VALUES(store_text(slice_of(STATES[state])), store_text(slice_of(name))), NULL,
		NULL));
}

int forward_acknowledge(struct store *store, const struct forward *forward,
			const struct forward_receipt *receipt)
{
	const struct forward_progress *progress = &receipt->progress;
	int64_t now_ns = (int64_t)realtime_ns();
	const struct store_value none = { .kind = STORE_NULL };

	return changed_one(store_run(
		store,
		"UPDATE forward_log SET leaf = $1, place = $2, open_leaf = $3, sent = sent + $4,"
		" rejected = rejected + $5, skipped = skipped + $6,"
		" succeeded = coalesce($7, succeeded), failed = coalesce($8, failed),"
		" error = coalesce($9, error) WHERE name = $10 AND log = $11 AND EXISTS"
		" (SELECT 1 FROM forward AS to_whom WHERE to_whom.name = $10 AND to_whom.made = $12)"
		" AND EXISTS (SELECT 1 FROM log_tree AS tree WHERE tree.log = $11"
		" AND tree.forwarder = $13)",
		STORE_VALUES(number(progress->next.leaf), number(progress->next.place),
			     number(progress->open_leaf), number(receipt->sent),
			     number(receipt->rejected), number(receipt->skipped),
			     receipt->is_answered ? store_number(now_ns) : none,
			     receipt->error ? store_number(now_ns) : none,
			     receipt->error ? store_text(slice_of(receipt->error)) : none,
			     store_text(slice_of(forward->name)), store_number(forward->log.log),
			     store_number(forward->made_ns), store_number(forward->log.forwarder)),
		NULL, NULL));
}

int forward_fail(struct store *store, const struct forward *forward, const char *error, bool stops)
{
	const struct store_value name = store_text(slice_of(forward->name));
	const struct store_value made = store_number(forward->made_ns);
	int r = store_do(
		store,
		"UPDATE forward_log SET failed = $1, error = $2 WHERE name = $3 AND log = $4"
		" AND EXISTS (SELECT 1 FROM forward AS to_whom WHERE to_whom.name = $3"
		" AND to_whom.made = $5)",
		STORE_VALUES(number(realtime_ns()), store_text(slice_of(error)), name,
			     store_number(forward->log.log), made));

	if (r < 0 || !stops)
		return r;
	return store_do(store,
			"UPDATE forward SET state = 'stopped' WHERE name = $1 AND made = $2"
			" AND state = 'running'",
			STORE_VALUES(name, made));
}
