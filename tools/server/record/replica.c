/* SPDX-License-Identifier: MIT */
#include "tools/server/record/replica.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "control/frame.h"
#include "tools/server/record/deposit.h"

#define DECIDED (-ECANCELED) /* the rest of a frame does not count */

int replica_add(struct store *store, const struct replica_delivery *delivery)
{
	return store_do(
		store,
		"INSERT INTO record_delivery (log, first_leaf, leaves, source, part, start, length,"
		" prior, received, first_time, last_time, frame)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
		STORE_VALUES(
			store_number(delivery->log), store_number((int64_t)delivery->first_leaf),
			store_number((int64_t)delivery->leaves), store_number(delivery->source),
			store_text(delivery->part), store_number((int64_t)delivery->start),
			store_number((int64_t)delivery->length),
			store_bytes(delivery->prior, SHA256_SIZE),
			store_number((int64_t)delivery->received_ns),
			store_number((int64_t)delivery->first_ns),
			store_number((int64_t)delivery->last_ns),
			store_bytes(delivery->frame.at, delivery->frame.length)));
}

/* What is here from some place on, one delivery after the other. */
struct comparison {
	struct store *store;
	int64_t source;
	struct slice part;
	uint64_t start; /* of what is in `here` */
	struct buf here;
	uint64_t place; /* how far both are the same */
	bool is_over;   /* nothing more is here */
	bool differs;
};

static int add_unpacked(void *context, struct slice piece)
{
	buf_add_slice(context, piece);
	return ((struct buf *)context)->failed;
}

static int take_delivery(void *context, const struct store_value *columns, size_t count)
{
	struct comparison *comparison = context;

	(void)count;
	comparison->start = (uint64_t)columns[0].number;
	int r = frame_open(columns[1].bytes, DEPOSIT_UNPACKED_MAX, add_unpacked, &comparison->here);
	return r == -ENOMEM ? r : r < 0 ? -EUCLEAN : 0;
}

/* Loads the delivery that has the place. */
static int load(struct comparison *comparison)
{
	buf_clear(&comparison->here);
	int r = store_run(comparison->store,
			  "SELECT start, frame FROM record_delivery"
			  " WHERE source = $1 AND part = $2 AND start <= $3"
			  " ORDER BY start DESC LIMIT 1",
			  STORE_VALUES(store_number(comparison->source),
				       store_text(comparison->part),
				       store_number((int64_t)comparison->place)),
			  take_delivery, comparison);
	uint64_t end = comparison->start + comparison->here.length;
	comparison->is_over = comparison->place >= end;
	return r < 0 ? r : 0;
}

static size_t same_length(struct slice a, struct slice b)
{
	size_t length = a.length < b.length ? a.length : b.length, same = 0;

	if (memcmp(a.at, b.at, length) == 0)
		return length;
	while (a.at[same] == b.at[same])
		same++;
	return same;
}

static int compare_some(struct comparison *comparison, struct slice *bytes)
{
	uint64_t end = comparison->start + comparison->here.length;
	int r = comparison->place < end && comparison->here.length > 0 ? 0 : load(comparison);

	if (r < 0 || comparison->is_over)
		return r;
	struct slice here = slice_part(buf_view(&comparison->here),
				       (size_t)(comparison->place - comparison->start), SIZE_MAX);
	size_t same = same_length(here, *bytes);
	comparison->place += same;
	*bytes = slice_part(*bytes, same, SIZE_MAX);
	comparison->differs = bytes->length > 0 && same < here.length;
	return 0;
}

static int compare(void *context, struct slice bytes)
{
	struct comparison *comparison = context;
	int r = 0;

	while (r == 0 && bytes.length > 0 && !comparison->is_over && !comparison->differs)
		r = compare_some(comparison, &bytes);
	return r < 0 ? r : comparison->is_over || comparison->differs ? DECIDED : 0;
}

int replica_compare(struct store *store, int64_t source, struct slice part, uint64_t start,
		    struct slice frame, uint64_t *ret_place, bool *ret_is_same)
{
	struct comparison comparison = { .store = store,
					 .source = source,
					 .part = part,
					 .here = BUF_MAX(DEPOSIT_UNPACKED_MAX),
					 .place = start };
	int r = frame_open(frame, DEPOSIT_UNPACKED_MAX, compare, &comparison);

	buf_done(&comparison.here);
	if (r < 0 && r != DECIDED)
		return r;
	*ret_place = comparison.place;
	*ret_is_same = !comparison.differs;
	return 0;
}
