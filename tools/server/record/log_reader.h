/* SPDX-License-Identifier: MIT */
/* The entries of all records in the order in which a log has them, from any place on. */
#ifndef TOOLS_SERVER_RECORD_LOG_READER_H
#define TOOLS_SERVER_RECORD_LOG_READER_H

#include <stdbool.h>

#include "common/record_walk.h"
#include "control/part.h"
#include "tools/server/store/store.h"

/* Before the entry `place` of the leaf `leaf`. */
struct log_position {
	uint64_t leaf, place;
};

/* A delivery whose bytes are being read. */
struct log_delivery {
	uint64_t first_leaf, end_leaf;
	int64_t source;
	struct part_name part;
	uint64_t received_ns;
};

struct log_reader {
	struct store *store;
	int64_t log; /* its number */
	struct log_position next;
	struct log_delivery delivery; /* counts while `has_delivery` */
	bool has_delivery;
	struct buf bytes; /* the delivery's */
	struct slice rest;
	struct record_walk walk;
	struct record_entries entries;
};

struct log_entry {
	struct log_position position;
	struct record_entry entry; /* borrowed until the next call */
};

void log_reader_init(struct log_reader *reader, struct store *store, int64_t log);
void log_reader_done(struct log_reader *reader);

/* The next entry is the one at `position`. */
void log_reader_seek(struct log_reader *reader, struct log_position position);

/* 1: there is one, of the reader's delivery; 0: the log has no more yet; -EUCLEAN: what is stored is no
 * record; or the database's trouble.  Leaves whose bytes were let go of are passed over. */
must_use int log_reader_next(struct log_reader *reader, struct log_entry *ret_entry);

/* The delivery with the leaf of the log of that number.  -ENOENT: there is none. */
must_use int log_find_delivery(struct store *store, int64_t log, uint64_t leaf,
			       struct log_delivery *ret_delivery);

/* That one, or the first behind it where its bytes were let go of.  -ENOENT: the log has no more. */
must_use int log_find_next(struct store *store, int64_t log, uint64_t leaf,
			   struct log_delivery *ret_delivery);

#endif
