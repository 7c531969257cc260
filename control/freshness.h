/* SPDX-License-Identifier: MIT */
/* What the server says of a bundle, signed with its freshness key: that a version is the newest, for
 * as long as it says so.  A note (control/note.h) of these lines, the times in seconds since 1970:
 *
 *	chaperone.freshness/v1
 *	bundle NAME
 *	version N
 *	release sha256:HEX	(of the text that the authors signed, control/release.h)
 *	issued SECONDS
 *	expires SECONDS */
#ifndef CONTROL_FRESHNESS_H
#define CONTROL_FRESHNESS_H

#include "control/note.h"

#include "common/sha256.h"

#define FRESHNESS_NOTE_MAX (1 * KIB)

struct freshness {
	struct slice bundle; /* a plain name (control/name.h) */
	uint64_t version;    /* from 1 on, at most INT64_MAX */
	unsigned char release_digest[SHA256_SIZE];
	uint64_t issued_s, expires_s; /* it ends after it begins */
};

/* Appends the note, signed with `key`.  -EINVAL for what no such note says; -ENOMEM, -E2BIG. */
must_use int freshness_write(const struct freshness *freshness, const struct signing_key *key,
			     struct buf *out);

/* Opens `message`, which `key` must have signed and into which `ret_freshness` points.  As note_open;
 * -EBADMSG also for a note that says anything else.  Whether it holds now is the caller's question. */
must_use int freshness_open(struct slice message, const struct verifying_key *key,
			    struct freshness *ret_freshness);

#endif
