/* SPDX-License-Identifier: MIT */
/* Signed notes (c2sp.org/signed-note): a text, an empty line, and a line for each signature.  What
 * is signed are the text's own bytes, so nothing is brought into a canonical form. */
#ifndef CONTROL_NOTE_H
#define CONTROL_NOTE_H

#include "control/key.h"

#define NOTE_SIZE_MAX       MIB
#define NOTE_SIGNATURES_MAX 100u
#define NOTE_KEYS_MAX       64u

struct note {
	struct slice text;  /* of the message that was opened, with its last line's end */
	uint64_t signed_by; /* bit i: keys[i] signed it */
};

/* Opens `message`, whose text may be believed as far as those are believed who signed it.  `keys`:
 * those that are known, NOTE_KEYS_MAX at most; what others signed does not count.
 * -EBADMSG: no note; -EKEYREJECTED: a signature that says it is of a known key is not;
 * -ENOKEY: no known key signed. */
must_use int note_open(struct slice message, const struct verifying_key *keys, size_t count,
		       struct note *ret_note);

/* What `message` is a note of, whoever signed it: nothing to be believed yet.  -EBADMSG: no note. */
must_use int note_text(struct slice message, struct slice *ret_text);

/* The first line, with its end, with which `message` says that `key` signed it; whether it did is for
 * note_open to say.  -ENOKEY: none; -EBADMSG: no note. */
must_use int note_line(struct slice message, const struct verifying_key *key,
		       struct slice *ret_line);

/* Appends a note of `text`, which has no signature yet, and then one for each call.  -EINVAL for a
 * text that is not UTF-8, has a control character, or does not end a line; -ENOMEM, -E2BIG. */
must_use int note_begin(struct slice text, struct buf *out);
must_use int note_sign(struct slice text, const struct signing_key *key, struct buf *out);

#endif
