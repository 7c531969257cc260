/* SPDX-License-Identifier: MIT */
/* Delivering a record to a server: what is not there yet of all its files, in their order.  The record
 * itself is the spool, and beside it lies how far the server has it.  How things are sent is the
 * caller's matter. */
#ifndef TOOLS_REMOTE_DELIVER_H
#define TOOLS_REMOTE_DELIVER_H

#include "common/error.h"
#include "control/part.h"

#define DELIVER_ENTRIES 1000u /* a delivery has no more batches once it has so many entries, */
#define DELIVER_BYTES   MIB   /* or so many bytes before they are packed */

/* What is sent: POST /v1/record, with Content-Encoding: zstd. */
struct delivery {
	char part[PART_NAME_SIZE]; /* Record-Part */
	uint64_t start;            /* Record-Offset */
	struct slice frame;        /* the body */
};

/* What came back. */
struct deliver_answer {
	unsigned int status; /* of HTTP */
	struct slice body;   /* lives until the next call */
};

/* Sends one and waits for the answer.  A negative errno when none came. */
typedef int (*deliver_post_fn)(void *context, const struct delivery *delivery,
			       struct deliver_answer *ret_answer);

struct deliver;

/* For the record in the folder `path`.  -EBUSY when somebody else delivers it. */
must_use int deliver_open(const char *path, struct deliver **ret_deliver, struct error *error);
void deliver_close(struct deliver *deliver);
DEFINE_FREEP(struct deliver, deliver_closep, deliver_close)

/* Sends one delivery, and keeps what the answer says before it returns.  1: something was sent and there
 * may be more; 0: all is there that was written before the last look, or since something was sent; -EAGAIN: the server cannot take it now; -EACCES: it does not know this
 * machine any more; -EPROTO: it answers what no server answers; or what `post` gave. */
must_use int deliver_once(struct deliver *deliver, deliver_post_fn post, void *context);

/* What is not there yet. */
struct deliver_depth {
	uint64_t entries;
	unsigned int
		refused; /* files of which the server takes no more: it has others of that name */
};

/* Looks at the record's folder, and into files that have grown. */
must_use int deliver_look(struct deliver *deliver, struct deliver_depth *ret_depth);

#endif
