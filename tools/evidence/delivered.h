/* SPDX-License-Identifier: MIT */
/* What the line of a delivery says: of which part it is, and where in it. */
#ifndef TOOLS_EVIDENCE_DELIVERED_H
#define TOOLS_EVIDENCE_DELIVERED_H

#include "common/record_walk.h"
#include "control/part.h"
#include "tools/evidence/block.h"

/* Reads it; `ret_agent` points into the block, and `ret_walk` stands where the delivery begins.
 * -EBADMSG. */
must_use int evidence_delivered(const struct evidence_block *block, struct slice *ret_agent,
				struct part_name *ret_name, struct record_walk *ret_walk,
				struct error *error);

#endif
