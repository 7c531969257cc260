/* SPDX-License-Identifier: MIT */
/* Proofs that stand alone: that leaves are in a log, and that a log begins with an earlier one.
 *
 *	chaperone-proof/1
 *	event ID		(which event it is about; not there when it is about a leaf)
 *	c2sp.org/tlog-proof@v1	(for each leaf, in their order, a proof as c2sp.org/tlog-proof has it, whose
 *	…			extra data are the leaf's text (control/leaf.h) and the bytes that it is of)
 *
 *	chaperone-log-growth/1
 *	hash BASE64		(for each of the proof: RFC 9162, section 2.1.4)
 *	from LENGTH		(and so many bytes: the earlier checkpoint)
 *	to LENGTH		(likewise, the later one) */
#ifndef TOOLS_EVIDENCE_PROOF_H
#define TOOLS_EVIDENCE_PROOF_H

#include "tools/evidence/log.h"
#include "tools/evidence/pieces.h"

#define PROOF_TITLE        "chaperone-proof/1\n"
#define PROOF_GROWTH_TITLE "chaperone-log-growth/1\n"
#define PROOF_MAX          (64 * MIB)
#define PROOF_EVENT_MAX    63u /* bytes of an event's id */

/* Appends the proof that the piece is in the log of `head`.  -ERANGE: it came later. */
must_use int proof_add_leaf(struct evidence_log *log, const struct evidence_head *head,
			    const struct evidence_piece *piece, struct buf *out);

/* Appends the whole proof that the log of `to` begins with that of `from`.  -ERANGE: it is the other
 * way round. */
must_use int proof_add_growth(struct evidence_log *log, const struct evidence_head *from,
			      const struct evidence_head *to, struct buf *out);

/* A leaf that was proven. */
struct proof_leaf {
	struct evidence_piece piece; /* but for `head`; its bytes are in `room` */
	struct checkpoint checkpoint;
};

/* A walk through a proof; `room` is where what it points to is kept. */
struct proof_walk {
	struct slice rest;
	struct slice event; /* empty: it is about a leaf */
	struct buf room;
	uint64_t behind; /* the least number that the next leaf may have */
};

/* Begins a walk through `text`, which lives as long.  -EBADMSG: it is no such proof. */
must_use int proof_open(struct slice text, struct proof_walk *ret_walk, struct error *error);
void proof_walk_done(struct proof_walk *walk);

/* Checks the next leaf by the log's key.  1: it is in the log; 0: that were all; -EBADMSG: it is not,
 * or it is no proof. */
must_use int proof_next(struct proof_walk *walk, const struct verifying_key *key,
			struct proof_leaf *ret_leaf, struct error *error);

/* Checks a proof of growth, and says from which size to which.  -EBADMSG. */
must_use int proof_check_growth(struct slice text, const struct verifying_key *key,
				uint64_t *ret_from, uint64_t *ret_to, struct error *error);

#endif
