/* SPDX-License-Identifier: MIT */
/* The rows that are made of the record's bytes, made again. */
#include <errno.h>
#include <string.h>

#include "common/record_walk.h"
#include "control/frame.h"
#include "control/part.h"
#include "tools/server/record/deposit.h"
#include "tools/server/record/index.h"
#include "tools/server/record/retained.h"

/* One delivery after the other, in the order in which they came, to whichever server. */
struct again {
	struct store *store;
	uint64_t leaf;                        /* of the next piece */
	int64_t received_ns, log, first_leaf; /* of the delivery that was read last */
	bool is_any;                          /* a delivery was there */
	bool is_any_gone;
	uint64_t count; /* leaves */
	struct index *index;
	struct record_walk walk;
	struct record_entries entries;
	struct buf rest;
};

/* Where bytes are gone, what was made of them once is not made again. */
static int clear(struct store *store, bool is_any_gone)
{
	static const struct {
		const char *sql;
		bool is_for_all; /* only where all bytes are here */
	} EACH[] = {
		{ "DELETE FROM record_event", false },     { "DELETE FROM record_asked", false },
		{ "DELETE FROM record_note", false },      { "DELETE FROM record_count", true },
		{ "DELETE FROM record_judgement", true },  { "DELETE FROM record_subject", true },
		{ "DELETE FROM record_definition", true },
	};
	int r = 0;

	for (size_t i = 0; i < COUNT_OF(EACH) && r == 0; i++) {
		if (!EACH[i].is_for_all || !is_any_gone)
			r = store_do(store, EACH[i].sql, STORE_NO_VALUES);
	}
	return r;
}

static int add_entries(struct again *again, const struct record_piece *piece)
{
	struct record_entry entry;
	uint64_t place = 0;
	int r;

	record_entries_of(&again->entries, piece);
	while ((r = record_entries_next(&again->entries, &entry)) == 1) {
		r = index_add(again->index, &entry, again->leaf, place++);
		if (r < 0)
			return r;
	}
	again->leaf++;
	again->count++;
	return r;
}

static int take_pieces(void *context, struct slice bytes)
{
	struct again *again = context;
	struct record_piece piece;
	int r;

	buf_add_slice(&again->rest, bytes);
	if (again->rest.failed)
		return again->rest.failed;
	struct slice rest = buf_view(&again->rest);
	while ((r = record_walk_next(&again->walk, &rest, &piece)) == 1) {
		r = add_entries(again, &piece);
		if (r < 0)
			return r;
	}
	if (rest.length > 0)
		memmove(again->rest.at, rest.at, rest.length);
	buf_truncate(&again->rest, rest.length);
	return r;
}

enum column { RECEIVED, LOG, FIRST_LEAF, LEAVES, SOURCE, PART, START, PRIOR, FRAME };

static int take_frame(struct again *again, const struct store_value *columns)
{
	uint64_t first_ns, last_ns;
	int r = frame_open(columns[FRAME].bytes, DEPOSIT_UNPACKED_MAX, take_pieces, again);

	if (r == 0)
		r = index_end(again->index, &first_ns, &last_ns);
	if (r == 0 &&
	    (again->rest.length > 0 ||
	     again->leaf != (uint64_t)(columns[FIRST_LEAF].number + columns[LEAVES].number)))
		r = -EUCLEAN;
	return r == -EBADMSG || r == -ESTALE || r == -E2BIG ? -EUCLEAN : r;
}

static int take_delivery(void *context, const struct store_value *columns, size_t count)
{
	SCOPED(index_freep) struct index *index = NULL;
	struct again *again = context;
	struct part_name name;

	(void)count;
	again->is_any = true;
	again->received_ns = columns[RECEIVED].number;
	again->log = columns[LOG].number;
	again->first_leaf = columns[FIRST_LEAF].number;
	again->leaf = (uint64_t)again->first_leaf;
	again->walk = (struct record_walk){ .offset = (uint64_t)columns[START].number };
	if (columns[PRIOR].bytes.length != SHA256_SIZE ||
	    part_name_read(columns[PART].bytes, &name) < 0)
		return -EUCLEAN;
	memcpy(again->walk.head, columns[PRIOR].bytes.at, SHA256_SIZE);
	const struct index_place place = { columns[SOURCE].number, again->log, name.boot,
					   again->is_any_gone };
	int r = index_new(again->store, &place, &index);
	if (r < 0)
		return r;
	again->index = index;
	again->rest = (struct buf)BUF_MAX(2 * RECORD_PIECE_MAX);
	r = take_frame(again, columns);
	buf_done(&again->rest);
	return r;
}

int index_rebuild(struct store *store, uint64_t *ret_leaves)
{
	struct again again = { .store = store, .received_ns = INT64_MIN };
	int64_t before_ns;
	int r = retained_before(store, &before_ns);

	again.is_any_gone = before_ns > 0;
	if (r >= 0)
		r = clear(store, again.is_any_gone);
	for (again.is_any = true; r >= 0 && again.is_any;) {
		again.is_any = false;
		r = store_run(store,
			      "SELECT received, log, first_leaf, leaves, source, part, start,"
			      " prior, frame FROM record_delivery WHERE received >= $1"
			      " AND (received > $1 OR log > $2 OR (log = $2 AND first_leaf > $3))"
			      " ORDER BY received, log, first_leaf LIMIT 1",
			      STORE_VALUES(store_number(again.received_ns), store_number(again.log),
					   store_number(again.first_leaf)),
			      take_delivery, &again);
	}
	*ret_leaves = again.count;
	return r < 0 ? r : 0;
}
