/* SPDX-License-Identifier: MIT */
/* What an export of a log ends with: that the log's server wrote all that is before it.  A note
 * (control/note.h) of these lines:
 *
 *	chaperone-export/1
 *	log NAME
 *	blocks N
 *	bytes sha256:HEX	(of all before the block that holds the note) */
#ifndef CONTROL_SEAL_H
#define CONTROL_SEAL_H

#include "control/note.h"

#include "common/sha256.h"

#define SEAL_NOTE_MAX (1 * KIB)

struct seal {
	uint64_t blocks; /* before its own; at most INT64_MAX */
	unsigned char digest[SHA256_SIZE];
};

/* Appends the note, signed with the log's key.  -ENOMEM, -E2BIG. */
must_use int seal_write(const struct seal *seal, const struct signing_key *key, struct buf *out);

/* Opens `message`, which the log's key must have signed.  As note_open; -EBADMSG also for a note that
 * says anything else. */
must_use int seal_open(struct slice message, const struct verifying_key *key,
		       struct seal *ret_seal);

#endif
