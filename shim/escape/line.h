/* SPDX-License-Identifier: MIT */
/* The shim's one way to speak to a person: a line on standard error. */
#ifndef SHIM_ESCAPE_LINE_H
#define SHIM_ESCAPE_LINE_H

#define LINE_MAX_BYTES 1024

/* Writes "chaperone: " and what `format` gives as one line; what a terminal could take for a
 * command is shown as "?". Nothing is written where descriptor 2 is not what it was at start, or
 * would block, or nobody reads: the number may belong to a file of the program's by now.  Safe in
 * signal handlers. */
void line_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
