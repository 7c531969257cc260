/* SPDX-License-Identifier: MIT */
/* That a log's server let go of the bytes of the log's first leaves, whose hashes stay.  A note
 * (control/note.h) of these lines:
 *
 *	chaperone-retention/1
 *	log NAME
 *	leaves N		(those before leaf N)
 *	before TIME		(when the server had what went: earlier; nanoseconds since 1970)
 *	made TIME
 *	by WHO			("os root", "setting retain 90d") */
#ifndef CONTROL_RETENTION_H
#define CONTROL_RETENTION_H

#include "control/note.h"

#define RETENTION_NOTE_MAX (2 * KIB)
#define RETENTION_BY_MAX   (1 * KIB) /* bytes of WHO */

struct retention {
	uint64_t leaves; /* at least 1; numbers are at most INT64_MAX */
	uint64_t before_ns, made_ns;
	struct slice by;
};

/* Appends the note, signed with the log's key.  -EINVAL for a `by` that is no line; -ENOMEM, -E2BIG. */
must_use int retention_write(const struct retention *retention, const struct signing_key *key,
			     struct buf *out);

/* Opens `message`, which the log's key must have signed and into which `ret_retention` points.  As
 * note_open; -EBADMSG also for a note that says anything else. */
must_use int retention_open(struct slice message, const struct verifying_key *key,
			    struct retention *ret_retention);

#endif
