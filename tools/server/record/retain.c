/* SPDX-License-Identifier: MIT */
#include "tools/server/record/retain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/record_walk.h"
#include "control/frame.h"
#include "control/leaf.h"
#include "tools/server/record/deposit.h"
#include "tools/server/record/log_reader.h"
#include "tools/server/record/retained.h"

/* Of one transaction: what waits for it waits some tenths of a second. */
#define DELIVERIES_MAX 16u
#define LENGTH_MAX     (1 * MIB)

/* ---- what goes ---- */

static struct store_value log_of(const struct retain *retain)
{
	return store_number(retain->signer->log);
}

static struct store_value leaf_value(uint64_t leaf)
{
	return store_number((int64_t)leaf);
}

/* Where the first delivery begins that is not older, whatever stands behind: a clock may have gone back. */
static int find_end(struct store *store, const struct retain *retain, uint64_t before_ns,
		    uint64_t *ret_end)
{
	return store_run(store,
			 "SELECT first_leaf FROM record_delivery"
			 " WHERE log = $1 AND received >= $2 ORDER BY first_leaf LIMIT 1",
			 STORE_VALUES(log_of(retain), store_number((int64_t)before_ns)),
			 store_take_number, ret_end);
}

/* The forward that has the least. */
struct holder {
	uint64_t leaf; /* of the log that goes: what has to stay begins there */
	char name[RETAIN_FORWARD_SIZE];
};

static int take_holder(void *context, const struct store_value *columns, size_t count)
{
	struct holder *holder = context;

	(void)count;
	holder->leaf = (uint64_t)columns[0].number;
	snprintf(holder->name, sizeof(holder->name), "%.*s", SLICE_ARGUMENTS(columns[1].bytes));
	return 0;
}

/* Where it stands within a delivery, all of that stays. */
static int find_holder(struct store *store, const struct retain *retain, struct holder *ret_holder)
{
	struct log_delivery delivery;

	*ret_holder = (struct holder){ .leaf = UINT64_MAX };
	if (retain->is_regardless)
		return 0;
	int r = store_run(
		store,
		"SELECT CASE WHEN open_leaf < leaf THEN open_leaf ELSE leaf END AS reached,"
		" name FROM forward_log WHERE log = $1 ORDER BY reached, name LIMIT 1",
		STORE_VALUES(log_of(retain)), take_holder, ret_holder);
	if (r < 0 || ret_holder->leaf == UINT64_MAX)
		return r;
	r = log_find_delivery(store, retain->signer->log, ret_holder->leaf, &delivery);
	if (r == 0)
		ret_holder->leaf = delivery.first_leaf;
	return r == -ENOENT ? 0 : r;
}

static int take_sums(void *context, const struct store_value *columns, size_t count)
{
	struct retain *retain = context;

	(void)count;
	retain->deliveries = (uint64_t)columns[0].number;
	retain->leaves = (uint64_t)columns[1].number;
	retain->bytes = (uint64_t)columns[2].number;
	return 0;
}

int retain_plan(struct store *store, struct retain *retain)
{
	struct holder holder;
	int r = retained_leaf(store, retain->signer->log, &retain->first);

	if (r >= 0)
		r = store_run(store, "SELECT size FROM log_tree WHERE log = $1",
			      STORE_VALUES(log_of(retain)), store_take_number, &retain->end);
	if (r >= 0)
		r = find_end(store, retain, retain->before_ns, &retain->end);
	if (r >= 0)
		r = find_holder(store, retain, &holder);
	if (r < 0)
		return r;
	retain->forward[0] = '\0';
	if (holder.leaf < retain->end) {
		retain->end = holder.leaf;
		memcpy(retain->forward, holder.name, sizeof(holder.name));
	}
	if (retain->end < retain->first)
		retain->end = retain->first;
	r = store_run(
		store,
		"SELECT count(*), CAST(coalesce(sum(leaves), 0) AS BIGINT),"
		" CAST(coalesce(sum(length(frame)), 0) AS BIGINT) FROM record_delivery"
		" WHERE log = $1 AND first_leaf >= $2 AND first_leaf < $3",
		STORE_VALUES(log_of(retain), leaf_value(retain->first), leaf_value(retain->end)),
		take_sums, retain);
	return r < 0 ? r : 0;
}

/* ---- a piece of it ---- */

struct goer {
	uint64_t first_leaf, leaves;
	int64_t source;
	char part[PART_NAME_SIZE];
	bool is_last; /* of its part in this piece */
};

/* Deliveries that follow each other. */
struct piece {
	struct retain *retain;
	uint64_t end; /* leaves before it go with this piece */
	uint64_t length;
	struct retain_sum sum;
	struct goer goers[DELIVERIES_MAX];
	size_t count;
	bool is_full;
};

enum goer_column { FIRST_LEAF, LEAVES, SOURCE, PART, LENGTH, STORED };

static int take_goer(void *context, const struct store_value *columns, size_t count)
{
	struct piece *piece = context;
	struct goer *goer = &piece->goers[piece->count];

	(void)count;
	if (piece->is_full)
		return 0;
	if ((uint64_t)columns[FIRST_LEAF].number != piece->end || columns[LEAVES].number <= 0)
		return -EUCLEAN;
	goer->first_leaf = piece->end;
	goer->leaves = (uint64_t)columns[LEAVES].number;
	goer->source = columns[SOURCE].number;
	snprintf(goer->part, sizeof(goer->part), "%.*s", SLICE_ARGUMENTS(columns[PART].bytes));
	piece->count++;
	piece->end += goer->leaves;
	piece->length += (uint64_t)columns[LENGTH].number;
	piece->sum.deliveries++;
	piece->sum.leaves += goer->leaves;
	piece->sum.bytes += (uint64_t)columns[STORED].number;
	piece->is_full = piece->count == DELIVERIES_MAX || piece->length >= LENGTH_MAX;
	return 0;
}

static void mark_last(struct piece *piece)
{
	for (size_t i = 0; i < piece->count; i++) {
		struct goer *goer = &piece->goers[i];

		goer->is_last = true;
		for (size_t later = i + 1; later < piece->count && goer->is_last; later++)
			goer->is_last = piece->goers[later].source != goer->source ||
					strcmp(piece->goers[later].part, goer->part) != 0;
	}
}

static int find_piece(struct store *store, struct piece *piece)
{
	const struct retain *retain = piece->retain;
	struct holder holder;
	int r = retained_leaf(store, retain->signer->log, &piece->end);

	if (r >= 0)
		r = find_holder(store, retain, &holder);
	if (r < 0)
		return r;
	uint64_t end = holder.leaf < retain->end ? holder.leaf : retain->end;
	if (piece->end >= end)
		return 0;
	r = store_run(store,
		      "SELECT first_leaf, leaves, source, part, length, length(frame)"
		      " FROM record_delivery WHERE log = $1 AND first_leaf >= $2"
		      " AND first_leaf < $3 ORDER BY first_leaf LIMIT $4",
		      STORE_VALUES(log_of(retain), leaf_value(piece->end), leaf_value(end),
				   store_number(DELIVERIES_MAX)),
		      take_goer, piece);
	mark_last(piece);
	return r < 0 ? r : piece->count > 0 ? 0 : -EUCLEAN;
}

/* ---- what stays of it ---- */

/* A delivery whose last leaf is looked for. */
struct trail {
	struct record_walk walk;
	struct buf rest;
	uint64_t leaves;
	struct leaf_trace last;
};

static int follow(void *context, struct slice bytes)
{
	struct trail *trail = context;
	struct record_piece piece;
	int r;

	buf_add_slice(&trail->rest, bytes);
	if (trail->rest.failed)
		return trail->rest.failed;
	struct slice rest = buf_view(&trail->rest);
	while ((r = record_walk_next(&trail->walk, &rest, &piece)) == 1) {
		trail->last.offset = piece.offset;
		trail->last.length = piece.bytes.length;
		sha256(piece.bytes.at, piece.bytes.length, trail->last.digest);
		trail->leaves++;
	}
	if (rest.length > 0)
		memmove(trail->rest.at, rest.at, rest.length);
	buf_truncate(&trail->rest, rest.length);
	return r;
}

enum trail_column { START, PRIOR, FRAME };

static int take_trail(void *context, const struct store_value *columns, size_t count)
{
	struct trail *trail = context;

	(void)count;
	if (columns[PRIOR].bytes.length != SHA256_SIZE)
		return -EUCLEAN;
	trail->walk.offset = (uint64_t)columns[START].number;
	memcpy(trail->walk.head, columns[PRIOR].bytes.at, SHA256_SIZE);
	int r = frame_open(columns[FRAME].bytes, DEPOSIT_UNPACKED_MAX, follow, trail);
	return r < 0 && r != -ENOMEM ? -EUCLEAN : r;
}

struct agent_id {
	char text[128];
};

static int take_agent(void *context, const struct store_value *columns, size_t count)
{
	struct agent_id *agent = context;

	(void)count;
	snprintf(agent->text, sizeof(agent->text), "%.*s", SLICE_ARGUMENTS(columns[0].bytes));
	return 0;
}

/* Nothing goes that the tree does not have: a note is not signed over what somebody else changed. */
static int check_trail(struct store *store, const struct piece *piece, const struct goer *goer,
		       const struct trail *trail)
{
	struct ledger_place place = { store, piece->retain->signer->log };
	struct agent_id agent = { "" };
	struct tree_hash told;
	int r = store_run(store, "SELECT agent FROM record_source WHERE source = $1",
			  STORE_VALUES(store_number(goer->source)), take_agent, &agent);

	if (r >= 0)
		r = ledger_find(&place, 0, goer->first_leaf + goer->leaves - 1, &told);
	if (r < 0)
		return r;
	struct tree_hash leaf = leaf_hash_traced(slice_of(agent.text), goer->part, &trail->last);
	bool is_same = trail->leaves == goer->leaves && trail->rest.length == 0 &&
		       memcmp(leaf.bytes, told.bytes, SHA256_SIZE) == 0;
	return is_same ? 0 : -EUCLEAN;
}

static int keep_trail(struct store *store, const struct piece *piece, const struct goer *goer,
		      const struct trail *trail)
{
	return store_do(store,
			"INSERT INTO record_gone (log, leaf, source, part, start, length, digest,"
			" head) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
			" ON CONFLICT (source, part, log) DO UPDATE SET leaf = excluded.leaf,"
			" start = excluded.start, length = excluded.length,"
			" digest = excluded.digest, head = excluded.head",
			STORE_VALUES(log_of(piece->retain),
				     leaf_value(goer->first_leaf + goer->leaves - 1),
				     store_number(goer->source), store_text(slice_of(goer->part)),
				     store_number((int64_t)trail->last.offset),
				     store_number((int64_t)trail->last.length),
				     store_bytes(trail->last.digest, SHA256_SIZE),
				     store_bytes(trail->walk.head, SHA256_SIZE)));
}

static int trace(struct store *store, const struct piece *piece, const struct goer *goer)
{
	struct trail trail = { .rest = BUF_MAX(2 * RECORD_PIECE_MAX) };
	int r = store_run(store,
			  "SELECT start, prior, frame FROM record_delivery"
			  " WHERE log = $1 AND first_leaf = $2",
			  STORE_VALUES(log_of(piece->retain), leaf_value(goer->first_leaf)),
			  take_trail, &trail);

	if (r >= 0)
		r = check_trail(store, piece, goer, &trail);
	if (r >= 0)
		r = keep_trail(store, piece, goer, &trail);
	buf_done(&trail.rest);
	return r < 0 ? r : 0;
}

static int sign(struct store *store, const struct piece *piece)
{
	const struct retain *retain = piece->retain;
	SCOPED(buf_done) struct buf note = BUF_MAX(2 * RETENTION_NOTE_MAX);
	const struct retention retention = { piece->end, retain->before_ns, retain->made_ns,
					     retain->by };
	int r = retention_write(&retention, retain->signer->key, &note);

	return r < 0 ? r
		     : store_do(store,
				"INSERT INTO log_retention (log, made, leaf, received, note)"
				" VALUES ($1, $2, $3, $4, $5) ON CONFLICT (log, made)"
				" DO UPDATE SET leaf = excluded.leaf, note = excluded.note",
				STORE_VALUES(log_of(retain), store_number((int64_t)retain->made_ns),
					     leaf_value(piece->end),
					     store_number((int64_t)retain->before_ns),
					     store_text(buf_view(&note))));
}

static int drop(struct store *store, const struct piece *piece)
{
	static const char *const EACH[] = {
		"DELETE FROM record_event WHERE log = $1 AND leaf < $2",
		"DELETE FROM record_asked WHERE log = $1 AND leaf < $2",
		"DELETE FROM record_note WHERE log = $1 AND leaf < $2",
		"DELETE FROM record_delivery WHERE log = $1 AND first_leaf < $2",
	};
	int r = 0;

	for (size_t i = 0; i < COUNT_OF(EACH) && r == 0; i++)
		r = store_do(store, EACH[i],
			     STORE_VALUES(log_of(piece->retain), leaf_value(piece->end)));
	return r;
}

/* May run again when another transaction was first. */
static int try_some(struct store *store, void *context)
{
	struct piece *piece = context;
	struct retain *retain = piece->retain;

	memset(piece, 0, sizeof(*piece));
	piece->retain = retain;
	int r = find_piece(store, piece);
	if (r < 0 || piece->count == 0)
		return r;
	if (!retain->has_begun && retain->begun)
		r = retain->begun(store, retain);
	for (size_t i = 0; i < piece->count && r == 0; i++) {
		if (piece->goers[i].is_last)
			r = trace(store, piece, &piece->goers[i]);
	}
	if (r == 0)
		r = sign(store, piece);
	return r == 0 ? drop(store, piece) : r;
}

int retain_some(struct store *store, struct retain *retain)
{
	struct piece piece = { .retain = retain };
	int r = store_transact(store, try_some, &piece);

	if (r < 0 || piece.count == 0)
		return r;
	retain->has_begun = true;
	retain->gone.deliveries += piece.sum.deliveries;
	retain->gone.leaves += piece.sum.leaves;
	retain->gone.bytes += piece.sum.bytes;
	return piece.end < retain->end;
}
