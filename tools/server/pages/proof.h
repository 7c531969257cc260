/* SPDX-License-Identifier: MIT */
/* The proof that the log has a leaf, to be copied from a page. */
#ifndef TOOLS_SERVER_PAGES_PROOF_H
#define TOOLS_SERVER_PAGES_PROOF_H

#include "tools/server/pages/view.h"

/* Appends leaf `index` of a log with its hash, and below the newest checkpoint that has it the hashes by which its
 * root is found (c2sp.org/tlog-proof); or that there is no such checkpoint yet. */
must_use int proof_add(struct view *view, int64_t log, int64_t index);

#endif
