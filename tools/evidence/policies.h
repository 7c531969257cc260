/* SPDX-License-Identifier: MIT */
/* The policies in an export: whether each version was signed by an author, and continues the one before
 * it. */
#ifndef TOOLS_EVIDENCE_POLICIES_H
#define TOOLS_EVIDENCE_POLICIES_H

#include "tools/evidence/block.h"

#include "control/name.h"
#include "control/note.h"
#include "tools/evidence/roots.h"

#define EVIDENCE_AUTHORS_MAX 65536u

struct evidence_author {
	struct verifying_key key;
	uint64_t revoked_ns; /* 0: not */
};

struct evidence_policies {
	const struct verifying_key
		*given; /* whose signatures count and no others'; NULL: the export says */
	size_t given_count;
	struct evidence_author *authors; /* as the export lists them */
	size_t author_count;
	struct evidence_roots roots;
	uint64_t threshold; /* of machines that enrol today */
	/* the newest version of the bundle that was passed last */
	char bundle[NAME_PLAIN_MAX + 1];
	uint64_t version;
	unsigned char digest[SHA256_SIZE];
	uint64_t count;
};

void evidence_policies_done(struct evidence_policies *policies);

/* Takes a block of kind AUTHOR. */
must_use int evidence_policies_author(struct evidence_policies *policies,
				      const struct evidence_block *block, struct error *error);

/* Checks a block of kind POLICY with its bytes.  -EBADMSG: what does not fit.  `ret_signers`: how many
 * accounts' signatures count. */
must_use int evidence_policies_take(struct evidence_policies *policies,
				    const struct evidence_block *block, struct slice bytes,
				    unsigned int *ret_signers, struct error *error);

#endif
