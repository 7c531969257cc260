/* SPDX-License-Identifier: MIT */
/* The hashes of all leaves of an export's log, read from the file where they are asked for. */
#ifndef TOOLS_EVIDENCE_LEAVES_H
#define TOOLS_EVIDENCE_LEAVES_H

#include "control/tree.h"
#include "tools/evidence/block.h"

#define EVIDENCE_LEAVES_WIDTH 256u /* hashes in each block but the last */

struct evidence_leaves {
	int fd;        /* of the export; borrowed */
	uint64_t size; /* how many there are */
	uint64_t *at;  /* of each block: where its bytes are */
	size_t count, capacity;
	uint64_t held; /* the block whose hashes are in `hashes`; from 1 on, 0: none */
	struct tree_hash hashes[EVIDENCE_LEAVES_WIDTH];
};

/* Takes note of a block of kind LEAVES.  -EBADMSG: it does not follow the one before. */
must_use int evidence_leaves_add(struct evidence_leaves *leaves, const struct evidence_block *block,
				 struct error *error);
void evidence_leaves_done(struct evidence_leaves *leaves);

/* -ERANGE: there is no such leaf; -EIO: it cannot be read. */
must_use int evidence_leaves_read(struct evidence_leaves *leaves, uint64_t index,
				  struct tree_hash *ret_hash);

/* A tree_find_fn over them. */
int evidence_leaves_find(void *leaves, unsigned int level, uint64_t index,
			 struct tree_hash *ret_hash);

#endif
