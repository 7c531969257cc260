/* SPDX-License-Identifier: MIT */
/* Takes passwords out of texts that come from command lines and environments. */
#ifndef TOOLS_CHAPERONE_SCRUB_H
#define TOOLS_CHAPERONE_SCRUB_H

#include "common/buf.h"
#include "common/slice.h"

/* Appends `text` without what may be secret: user, password, query and fragment of URLs, and
 * what follows a word such as password= or token= to the end.  What is left out stands as "…". */
void scrub(struct slice text, struct buf *out);

#endif
