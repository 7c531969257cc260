/* SPDX-License-Identifier: MIT */
/* Whose signatures make a policy, from some point on: each root names the one before it, and is signed
 * by enough of that one's authors and by enough of its own, so that nobody who has lost the keys of the
 * first can be led past it.  The text of a signed note (control/note.h), whose last signature is the
 * server's:
 *
 *	chaperone.root/v1
 *	server HOST
 *	version N
 *	previous M sha256:HEX	(of the text of root M, which is N - 1; "previous 0 -" for the first)
 *	threshold T	(so many authors must sign)
 *	key NAME+ID+BASE64	(a line each, in the order of their bytes; one key an author)
 *	policy BUNDLE N sha256:HEX	(a line each, likewise)
 *	by ACCOUNT
 *	why TEXT		("why" alone where nothing is said)
 *
 * Machines begin with root 0, which has no text: the keys that they were given when they enrolled.  The
 * policies are those in force when it is signed, and count as if its authors had signed them. */
#ifndef CONTROL_ROOT_H
#define CONTROL_ROOT_H

#include "common/sha256.h"
#include "control/note.h"

#define ROOT_TEXT_MAX     (256 * KIB)
#define ROOT_POLICIES_MAX 1024u

struct root {
	struct slice server; /* a host's name (control/name.h) */
	uint64_t version;    /* at most INT64_MAX; 0: it was not signed */
	uint64_t previous;   /* version - 1 */
	unsigned char previous_digest[SHA256_SIZE];
	unsigned char digest[SHA256_SIZE]; /* of its own text; zero for 0 */
	unsigned int threshold;            /* from 1 to key_count */
	struct verifying_key keys[NOTE_KEYS_MAX];
	size_t key_count;
	struct slice policies; /* the lines */
	struct slice by, why;  /* a plain name; control/release.h */
};

/* Appends the text, digest and policies as they are given.  -EINVAL for what no root says; -ENOMEM, -E2BIG. */
must_use int root_write(const struct root *root, struct buf *out);

/* Reads a whole text, into which `ret_root` points.  -EBADMSG for anything that root_write would not have
 * written. */
must_use int root_read(struct slice text, struct root *ret_root);

/* Appends the line of a policy, for struct root.policies. */
void root_policy_write(struct slice bundle, uint64_t version,
		       const unsigned char digest[SHA256_SIZE], struct buf *out);

/* Whether the root says that this is the text of that version of the bundle. */
bool root_has_policy(const struct root *root, struct slice bundle, uint64_t version,
		     const unsigned char digest[SHA256_SIZE]);

/* Puts keys in the order in which a root has them. */
void root_sort_keys(struct verifying_key *keys, size_t count);

/* How many authors of `root` signed `message`.  As note_open, but none is 0. */
must_use int root_signers(const struct root *root, struct slice message, unsigned int *ret_count);

/* Opens `message`, which must be what follows `root`, signed by enough of both, and by `server_key` too unless that is
 * NULL.  -EBADMSG: it is no root; -EKEYREJECTED: a signature is forged; -ENOKEY: the server has not
 * signed it; -ESTALE: it is not the next one; -EXDEV: it is another server's, or of another history; -EACCES:
 * too few of the authors before it signed; -EPERM: too few of its own. */
must_use int root_open_next(const struct root *root, struct slice message,
			    const struct verifying_key *server_key, struct root *ret_next);

/* What is wrong, for people; of the numbers above. */
const char *root_fault_text(int r);

#endif
