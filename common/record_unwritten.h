/* SPDX-License-Identifier: MIT */
/* What the disk refuses of a record, in a file on another one until that is over: allocated before
 * it is needed, so that it has room when nothing else has.
 *
 * The file is a page with a header, then entries as in a batch (record_format.h).  They are only
 * added to, and the header says how many count: who dies while he writes leaves what stood there. */
#ifndef COMMON_RECORD_UNWRITTEN_H
#define COMMON_RECORD_UNWRITTEN_H

#include "common/record_format.h"

#define RECORD_UNWRITTEN_PREFIX "unwritten-"
#define RECORD_UNWRITTEN_NAME   24u

/* ---- the agent's side ---- */

struct record_unwritten {
	int fd; /* -1: there is no file */
	uint64_t boot;
	uint64_t batch; /* of which the entries in the file are */
	size_t length;  /* of those that the header counts */
	char name[RECORD_UNWRITTEN_NAME];
};

/* Makes the file in the folder. */
must_use int record_unwritten_create(int folder_fd, uint64_t boot,
				     struct record_unwritten *ret_unwritten);

/* Makes the file hold what the record has not written: nothing, after a flush that succeeded.
 * -ENOENT where there is no file, or none that can be found, and something to be held. */
must_use int record_unwritten_keep(struct record_unwritten *unwritten, const struct record *record);

/* Closes the file, and removes it unless somebody is to take up what is in it. */
void record_unwritten_done(struct record_unwritten *unwritten, int folder_fd, bool is_left);

/* ---- who takes it up ---- */

struct record_leftover {
	uint64_t boot;
	struct buf bytes;
	uint32_t entries;
	struct wire wire;
	uint32_t given;
	struct record_state state;
	struct record_lists lists;
};

/* Copies the file, which anybody of the same user may have written, then checks the copy: -EBADMSG
 * when it is no such file or is damaged. */
must_use int record_leftover_read(int folder_fd, const char *name,
				  struct record_leftover *ret_leftover);

/* The next entry; borrowed until the next call.  1: there is one, 0: the end, -EBADMSG: no writer
 * writes what comes next. */
must_use int record_leftover_next(struct record_leftover *leftover, struct record_entry *ret_entry);

/* Starts with the first entry again. */
void record_leftover_rewind(struct record_leftover *leftover);

/* Accepts zeroed memory. */
void record_leftover_done(struct record_leftover *leftover);

#endif
