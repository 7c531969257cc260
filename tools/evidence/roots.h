/* SPDX-License-Identifier: MIT */
/* The author roots in an export (control/root.h): each follows the one before it, and a policy is signed by
 * enough authors of the root that was in force when it was. */
#ifndef TOOLS_EVIDENCE_ROOTS_H
#define TOOLS_EVIDENCE_ROOTS_H

#include "control/root.h"
#include "tools/evidence/block.h"

#define EVIDENCE_ROOTS_MAX 65536u

struct evidence_root;

struct evidence_roots {
	const unsigned char
		*given; /* the digest of one that has to be among them; NULL: any will do */
	bool is_given_met;
	unsigned char first[SHA256_SIZE]; /* digest of the first */
	struct evidence_root *at;
	size_t count;
};

void evidence_roots_done(struct evidence_roots *roots);

/* Takes the bytes of a block of kind ROOT.  -EBADMSG: it does not follow. */
must_use int evidence_roots_take(struct evidence_roots *roots, struct slice message,
				 struct error *error);

/* Whether the policy's note is what the roots say, of which there is one at least: one that a root names is just
 * that; one that came after a root is signed by enough of its authors; one from before the first is
 * what the first one names, or before it in its history.  -EBADMSG. */
must_use int evidence_roots_check(const struct evidence_roots *roots, struct slice bundle,
				  uint64_t version, struct slice message, struct error *error);

#endif
