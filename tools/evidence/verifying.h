/* SPDX-License-Identifier: MIT */
/* The state of a verification, for verify*.c alone. */
#ifndef TOOLS_EVIDENCE_VERIFYING_H
#define TOOLS_EVIDENCE_VERIFYING_H

#include "control/name.h"
#include "tools/evidence/chains.h"
#include "tools/evidence/leaves.h"
#include "tools/evidence/policies.h"
#include "tools/evidence/verify.h"

struct verifying {
	const struct evidence_trust *trust;
	const struct evidence_watch *watch;
	struct evidence_report *report;
	struct error *error;
	struct evidence_file file;
	struct evidence_leaves leaves;
	struct evidence_chains *chains;
	struct evidence_policies policies;
	char retention[1200]; /* the last one, in words */
	uint64_t gone_parts;  /* the least leaf that the next block of kind GONE may have */
	struct tree tree;     /* of the leaves up to the last checkpoint */
	uint64_t next_leaf;   /* behind the last delivery */
	uint64_t passed;      /* hashes that were passed in the second pass */
	uint64_t said;        /* the byte at which progress was told last */
	/* where in a delivery the verification is; without a part in none */
	char part[PART_NAME_SIZE];
	char agent[NAME_HOST_MAX + 1];
	uint64_t leaf, offset;
};

/* Says what does not fit; -EBADMSG. */
int verifying_bad(struct verifying *verifying, const char *text);

/* Finds the part as far as it was passed, and notes that the verification is in it. */
must_use int verifying_part(struct verifying *verifying, struct slice agent,
			    const struct part_name *name, struct evidence_part **ret_part);

/* Checks a block of kind RETENTION: deliveries begin where its note, which the log's key signed, says. */
must_use int verifying_retention(struct verifying *verifying, const struct evidence_block *block);

/* Checks a block of kind GONE: the log has that leaf, and the part goes on behind it. */
must_use int verifying_gone(struct verifying *verifying, const struct evidence_block *block);

/* Checks a block of kind DEFINITION, as far as it can be. */
must_use int verifying_definition(struct verifying *verifying, const struct evidence_block *block);

/* Checks a block of kind DELIVERY with its bytes: that it goes on where its part had come to, and each
 * header and batch against the chain, the log's leaf, and what other parts say of it. */
must_use int verifying_delivery(struct verifying *verifying, const struct evidence_block *block);

/* Tells, of a log that is good, the machines whose parts contradict each other or name more than is
 * looked at; and where nothing is left out, what parts name and is not here. */
void verifying_machines(struct verifying *verifying);

#endif
