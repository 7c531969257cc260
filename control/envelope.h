/* SPDX-License-Identifier: MIT */
/* The body of a policy's download: three parts, each as its length in decimal, a line's end, and its
 * bytes. */
#ifndef CONTROL_ENVELOPE_H
#define CONTROL_ENVELOPE_H

#include "control/archive.h"
#include "control/note.h"

#define ENVELOPE_TYPE "application/vnd.chaperone.policy"
#define ENVELOPE_MAX  (ARCHIVE_MAX + 2 * NOTE_SIZE_MAX + 3 * 21) /* bytes */

struct envelope {
	struct slice freshness; /* control/freshness.h; at most NOTE_SIZE_MAX, as the next */
	struct slice release;   /* the note that authors signed (control/release.h) */
	struct slice source;    /* control/archive.h */
};

/* Appends the envelope.  -E2BIG for a part that is too long, -ENOMEM. */
must_use int envelope_write(const struct envelope *envelope, struct buf *out);

/* Reads a whole body, into which `ret_envelope` points; what the parts hold is not looked at.
 * -EBADMSG. */
must_use int envelope_read(struct slice body, struct envelope *ret_envelope);

#endif
