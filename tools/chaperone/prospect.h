/* SPDX-License-Identifier: MIT */
/* What a command's database clients are and whether they will be governed, in one phrase. */
#ifndef TOOLS_CHAPERONE_PROSPECT_H
#define TOOLS_CHAPERONE_PROSPECT_H

#include "common/buf.h"

/* Appends the phrase for `command`, as the start line has it: "psql (libpq 15) governed".  It is
 * found by reading a few files: of the libraries, those that the program needs and, when no client
 * is among them, what these need. "governed" is said only of a client that was found, "NOT
 * GOVERNED" with its name or its reason. */
void prospect_add(struct buf *line, const char *command);

#endif
