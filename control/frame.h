/* SPDX-License-Identifier: MIT */
/* Compression of what travels: one zstd frame (RFC 8878). */
#ifndef CONTROL_FRAME_H
#define CONTROL_FRAME_H

#include "common/buf.h"

#define FRAME_WINDOW_LOG_MAX 23 /* a frame makes its reader keep 8 MiB at most */

/* Appends the frame, of level 1: with records it is both smaller and faster than zlib. */
must_use int frame_make(struct slice bytes, struct buf *out);

/* Gets the contents piece by piece, borrowed; a negative errno ends the unpacking and is its result. */
typedef int (*frame_fn)(void *context, struct slice piece);

/* Unpacks `frame` and nothing behind it, however much it becomes, in memory that does not grow with
 * that.  -EBADMSG: it is no frame, not whole, or more than one; -E2BIG: more than `max` bytes, or more
 * than FRAME_WINDOW_LOG_MAX allows; -ENOMEM. */
must_use int frame_open(struct slice frame, size_t max, frame_fn take, void *context);

#endif
