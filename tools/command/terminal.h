/* SPDX-License-Identifier: MIT */
/* Showing texts that somebody else wrote (security.md 16). */
#ifndef TOOLS_COMMAND_TERMINAL_H
#define TOOLS_COMMAND_TERMINAL_H

#include <stdio.h>

#include "common/slice.h"

/* Prints `text` with visible escapes, so that nothing in it moves the cursor or hides.  Texts over
 * 64 KiB are cut. */
void terminal_print(FILE *out, struct slice text);

/* As terminal_print for a text of lines of any length, nothing of which is cut; the last one is ended. */
void terminal_print_lines(FILE *out, struct slice text);

/* "NAME [FILE:LINE:COLUMN: ]TEXT" on stderr. */
struct error;
void terminal_error(const char *command, const struct error *error);

#endif
