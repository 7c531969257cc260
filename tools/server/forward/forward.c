/* SPDX-License-Identifier: MIT */
#include "tools/server/forward/forward.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"

#define COLUMNS                                                                                    \
	"name, made, kind, url, headers, authorities, timeout, open_after, since, state, leaf,"    \
	" place, open_leaf, sent, rejected, skipped, succeeded, failed, error"

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
};

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

int forward_add(struct store *store, const struct forward *forward)
{
	int64_t count = 0;
	int r = store_run(store, "SELECT count(*) FROM forward", STORE_NO_VALUES, store_take_number,
			  &count);

	if (r < 0 || count >= FORWARDS_MAX)
		return r < 0 ? r : -E2BIG;
	return store_do(
		store,
		"INSERT INTO forward (name, made, kind, url, headers, authorities, timeout,"
		" open_after, since, state, leaf, place, open_leaf, sent, rejected, skipped, error)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'running', $10, 0, $10, 0, 0, 0, '')",
		STORE_VALUES(store_text(slice_of(forward->name)), store_number(forward->made_ns),
			     store_text(slice_of(KINDS[forward->kind])),
			     store_text(slice_of(forward->url)),
			     store_text(buf_view(&forward->headers)),
			     store_text(buf_view(&forward->authorities)),
			     number(forward->timeout_s), number(forward->open_after_s),
			     number(forward->since_ns), number(forward->progress.next.leaf)));
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
	return r < 0 ? r : copy_text(forward->error, sizeof(forward->error), columns[ERROR].bytes);
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

int forward_each(struct store *store, forward_fn *seen, void *context)
{
	struct visit each = { seen, context };

	return store_run(store, "SELECT " COLUMNS " FROM forward ORDER BY name", STORE_NO_VALUES,
			 visit, &each);
}

static int take_row(void *context, const struct store_value *columns, size_t count)
{
	(void)count;
	return read_row(columns, context);
}

int forward_find(struct store *store, const char *name, struct forward *ret_forward)
{
	int r = store_run(store, "SELECT " COLUMNS " FROM forward WHERE name = $1",
			  STORE_VALUES(store_text(slice_of(name))), take_row, ret_forward);

	if (r < 0)
		return r;
	return ret_forward->name[0] ? 0 : -ENOENT;
}

static int changed_one(int r)
{
	return r == 0 ? -ENOENT : r < 0 ? r : 0;
}

int forward_remove(struct store *store, const char *name)
{
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

	return store_do(
		store,
		"UPDATE forward SET leaf = $1, place = $2, open_leaf = $3, sent = sent + $4,"
		" rejected = rejected + $5, skipped = skipped + $6,"
		" succeeded = coalesce($7, succeeded), failed = coalesce($8, failed),"
		" error = coalesce($9, error) WHERE name = $10 AND made = $11",
		STORE_VALUES(number(progress->next.leaf), number(progress->next.place),
			     number(progress->open_leaf), number(receipt->sent),
			     number(receipt->rejected), number(receipt->skipped),
			     receipt->is_answered ? store_number(now_ns) : none,
			     receipt->error ? store_number(now_ns) : none,
			     receipt->error ? store_text(slice_of(receipt->error)) : none,
			     store_text(slice_of(forward->name)), store_number(forward->made_ns)));
}

int forward_fail(struct store *store, const struct forward *forward, const char *error, bool stops)
{
	return store_do(
		store,
		"UPDATE forward SET failed = $1, error = $2,"
		" state = CASE WHEN $3 = 1 AND state = 'running' THEN 'stopped' ELSE state END"
		" WHERE name = $4 AND made = $5",
		STORE_VALUES(store_number((int64_t)realtime_ns()), store_text(slice_of(error)),
			     store_number(stops), store_text(slice_of(forward->name)),
			     store_number(forward->made_ns)));
}
