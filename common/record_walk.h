/* SPDX-License-Identifier: MIT */
/* Walking over the bytes of a record file as they come, from memory: whole pieces are taken off their
 * front, and each is checked against the hash of what was before it. */
#ifndef COMMON_RECORD_WALK_H
#define COMMON_RECORD_WALK_H

#include "common/record_format.h"

/* The longest piece. */
#define RECORD_PIECE_MAX (RECORD_BATCH_OVERHEAD + RECORD_BATCH_MAX)

/* Where a walk stands.  Zeroed it begins with a file's header. */
struct record_walk {
	uint64_t offset;                 /* in the file, of what comes next */
	unsigned char head[SHA256_SIZE]; /* the hash of all before it */
};

/* A header or a batch. */
struct record_piece {
	struct slice bytes;          /* as in the file, with its hash; borrowed */
	uint64_t offset;             /* in the file */
	struct record_header header; /* of the piece at offset 0 alone; without its links */
	uint32_t entries;            /* 0: it is a header */
};

/* Takes the next piece off `rest`.  1: there was one; 0: `rest` is empty or the beginning of one, of
 * which there has to be more; -EBADMSG: it is no piece; -ESTALE: it is one, and its hash is not over
 * what was before it; -ENOMEM.  Only with 1 anything changes. */
must_use int record_walk_next(struct record_walk *walk, struct slice *rest,
			      struct record_piece *ret_piece);

/* The entries of a piece, one after the other. */
struct record_entries {
	struct wire wire;
	uint32_t left;
	struct record_state state;
	struct record_lists lists;
};

/* `batch` is one whole, with or without its hash, of which `count` entries are said. */
void record_entries_begin(struct record_entries *entries, struct slice batch, uint32_t length,
			  uint32_t count);
void record_entries_of(struct record_entries *entries, const struct record_piece *piece);

/* 1: there was one, borrowed until the next call; 0: that was the last; -EBADMSG: the batch holds what
 * no writer writes. */
must_use int record_entries_next(struct record_entries *entries, struct record_entry *ret_entry);

#endif
