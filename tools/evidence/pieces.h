/* SPDX-License-Identifier: MIT */
/* What was delivered, piece by piece, as an export has it.  Each piece is checked against the chain
 * and not against the log: that is evidence_verify's and a proof's matter. */
#ifndef TOOLS_EVIDENCE_PIECES_H
#define TOOLS_EVIDENCE_PIECES_H

#include "common/record_walk.h"
#include "control/part.h"
#include "tools/evidence/block.h"

struct evidence_piece {
	struct slice agent;
	struct part_name name;
	uint64_t leaf;
	struct record_piece piece;
	unsigned char head[SHA256_SIZE]; /* the chain's hash behind it */
};

/* Sees one, borrowed.  0: go on; 1: that was enough; or a negative errno, which ends the reading. */
typedef int evidence_piece_seen(void *context, const struct evidence_piece *piece);

/* Reads them in the order of the log.  What `seen` gave; -EBADMSG, with the place, for what is no
 * export. */
must_use int evidence_pieces(const char *path, evidence_piece_seen *seen, void *context,
			     struct error *error);

#endif
