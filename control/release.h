/* SPDX-License-Identifier: MIT */
/* What authors sign: that a source archive is a version of a bundle, and which one it follows.  The
 * text of a signed note (control/note.h):
 *
 *	chaperone.policy/v1
 *	bundle NAME
 *	version N
 *	previous M sha256:HEX	(of the text of version M, which is N - 1; "previous 0 -" for the first)
 *	source LENGTH sha256:HEX	(of the archive)
 *	by ACCOUNT
 *	why TEXT		("why" alone where nothing is said) */
#ifndef CONTROL_RELEASE_H
#define CONTROL_RELEASE_H

#include "common/buf.h"
#include "common/sha256.h"

#define RELEASE_WHY_MAX  300u /* bytes */
#define RELEASE_TEXT_MAX (1 * KIB)

struct release {
	struct slice bundle;                        /* a plain name (control/name.h) */
	uint64_t version;                           /* from 1 on, at most INT64_MAX */
	uint64_t previous;                          /* version - 1 */
	unsigned char previous_digest[SHA256_SIZE]; /* zero for the first version */
	uint64_t source_length;                     /* at most ARCHIVE_MAX */
	unsigned char source_digest[SHA256_SIZE];
	struct slice by; /* a plain name */
	struct slice why;
};

/* One line of at most RELEASE_WHY_MAX bytes of UTF-8 without control characters; it may be empty. */
bool release_is_why(struct slice why);

/* Appends the text, with its last line's end.  -EINVAL for what no release says; -ENOMEM, -E2BIG. */
must_use int release_write(const struct release *release, struct buf *out);

/* Reads a whole text, into which `ret_release` points.  -EBADMSG for anything that release_write
 * would not have written. */
must_use int release_read(struct slice text, struct release *ret_release);

#endif
