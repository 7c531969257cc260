/* SPDX-License-Identifier: MIT */
#include "tools/server/record/log_reader.h"

#include <errno.h>
#include <string.h>

#include "control/frame.h"
#include "tools/server/record/deposit.h"

#define DELIVERY_COLUMNS "first_leaf, leaves, source, part, received"

enum delivery_column { FIRST_LEAF, LEAVES, SOURCE, PART, RECEIVED };
enum bytes_column { START, PRIOR, FRAME };

void log_reader_init(struct log_reader *reader, struct store *store, int64_t log)
{
	memset(reader, 0, sizeof(*reader));
	reader->store = store;
	reader->log = log;
	reader->bytes = (struct buf)BUF_MAX(DEPOSIT_UNPACKED_MAX);
}

void log_reader_done(struct log_reader *reader)
{
	buf_done(&reader->bytes);
}

void log_reader_seek(struct log_reader *reader, struct log_position position)
{
	reader->next = position;
	reader->has_delivery = false;
}

static int read_delivery(const struct store_value *columns, struct log_delivery *ret_delivery)
{
	ret_delivery->first_leaf = (uint64_t)columns[FIRST_LEAF].number;
	ret_delivery->end_leaf = ret_delivery->first_leaf + (uint64_t)columns[LEAVES].number;
	ret_delivery->source = columns[SOURCE].number;
	ret_delivery->received_ns = (uint64_t)columns[RECEIVED].number;
	return part_name_read(columns[PART].bytes, &ret_delivery->part) < 0 ? -EUCLEAN : 0;
}

struct search {
	struct log_delivery *delivery;
	bool is_found;
};

static int take_delivery(void *context, const struct store_value *columns, size_t count)
{
	struct search *search = context;

	(void)count;
	search->is_found = true;
	return read_delivery(columns, search->delivery);
}

int log_find_delivery(struct store *store, int64_t log, uint64_t leaf,
		      struct log_delivery *ret_delivery)
{
	struct search search = { .delivery = ret_delivery };
	int r = store_run(store,
			  "SELECT " DELIVERY_COLUMNS " FROM record_delivery"
			  " WHERE log = $1 AND first_leaf <= $2"
			  " ORDER BY first_leaf DESC LIMIT 1",
			  STORE_VALUES(store_number(log), store_number((int64_t)leaf)),
			  take_delivery, &search);

	if (r < 0)
		return r;
	return search.is_found && leaf < ret_delivery->end_leaf ? 0 : -ENOENT;
}

int log_find_next(struct store *store, int64_t log, uint64_t leaf,
		  struct log_delivery *ret_delivery)
{
	int r = log_find_delivery(store, log, leaf, ret_delivery);
	struct search search = { .delivery = ret_delivery };

	if (r != -ENOENT)
		return r;
	r = store_run(store,
		      "SELECT " DELIVERY_COLUMNS " FROM record_delivery"
		      " WHERE log = $1 AND first_leaf > $2 ORDER BY first_leaf LIMIT 1",
		      STORE_VALUES(store_number(log), store_number((int64_t)leaf)), take_delivery,
		      &search);
	if (r < 0)
		return r;
	return search.is_found ? 0 : -ENOENT;
}

static int add_unpacked(void *context, struct slice piece)
{
	buf_add_slice(context, piece);
	return ((struct buf *)context)->failed;
}

static int take_bytes(void *context, const struct store_value *columns, size_t count)
{
	struct log_reader *reader = context;

	(void)count;
	if (columns[PRIOR].bytes.length != SHA256_SIZE)
		return -EUCLEAN;
	reader->walk.offset = (uint64_t)columns[START].number;
	memcpy(reader->walk.head, columns[PRIOR].bytes.at, SHA256_SIZE);
	buf_clear(&reader->bytes);
	int r = frame_open(columns[FRAME].bytes, DEPOSIT_UNPACKED_MAX, add_unpacked,
			   &reader->bytes);
	reader->has_delivery = r == 0;
	return r == -ENOMEM ? r : r < 0 ? -EUCLEAN : 0;
}

/* The entries of the delivery's next leaf are those that are read next. */
static int enter_leaf(struct log_reader *reader)
{
	struct record_piece piece;
	int r = record_walk_next(&reader->walk, &reader->rest, &piece);

	if (r != 1)
		return r == -ENOMEM ? r : -EUCLEAN;
	record_entries_of(&reader->entries, &piece);
	return 0;
}

static int skip_entries(struct log_reader *reader, uint64_t count)
{
	struct record_entry entry;
	int r = 1;

	while (r == 1 && count-- > 0)
		r = record_entries_next(&reader->entries, &entry);
	return r == 1 ? 0 : -EUCLEAN;
}

/* Goes to the place within the delivery that was loaded. */
static int enter_delivery(struct log_reader *reader)
{
	reader->rest = buf_view(&reader->bytes);
	for (uint64_t leaf = reader->delivery.first_leaf; leaf <= reader->next.leaf; leaf++) {
		int r = enter_leaf(reader);

		if (r < 0)
			return r;
	}
	return skip_entries(reader, reader->next.place);
}

/* Where the log has no more, nothing changes. */
static int load(struct log_reader *reader)
{
	int r = log_find_next(reader->store, reader->log, reader->next.leaf, &reader->delivery);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (reader->next.leaf < reader->delivery.first_leaf)
		reader->next = (struct log_position){ reader->delivery.first_leaf, 0 };
	r = store_run(reader->store,
		      "SELECT start, prior, frame FROM record_delivery"
		      " WHERE log = $1 AND first_leaf = $2",
		      STORE_VALUES(store_number(reader->log),
				   store_number((int64_t)reader->delivery.first_leaf)),
		      take_bytes, reader);
	if (r == 0 && reader->has_delivery)
		r = enter_delivery(reader);
	if (r < 0)
		reader->has_delivery = false;
	return r;
}

static int leave_leaf(struct log_reader *reader)
{
	reader->next = (struct log_position){ reader->next.leaf + 1, 0 };
	if (reader->next.leaf < reader->delivery.end_leaf)
		return enter_leaf(reader);
	reader->has_delivery = false;
	return 0;
}

int log_reader_next(struct log_reader *reader, struct log_entry *ret_entry)
{
	for (;;) {
		int r = reader->has_delivery ? 0 : load(reader);

		if (r < 0 || !reader->has_delivery)
			return r;
		ret_entry->position = reader->next;
		r = record_entries_next(&reader->entries, &ret_entry->entry);
		if (r == 1)
			reader->next.place++;
		if (r != 0)
			return r == -EBADMSG ? -EUCLEAN : r;
		r = leave_leaf(reader);
		if (r < 0) {
			reader->has_delivery = false;
			return r;
		}
	}
}
