/* SPDX-License-Identifier: MIT */
/* Times as people and programs read them (RFC 3339, in UTC). */
#ifndef TOOLS_SERVER_MOMENT_H
#define TOOLS_SERVER_MOMENT_H

#include <stdint.h>

#define MOMENT_SIZE 32u

/* `ns`: since 1970. */
void moment_text(int64_t ns, char ret_text[MOMENT_SIZE]);

/* As moment_text, to the nanosecond. */
void moment_exact_text(int64_t ns, char ret_text[MOMENT_SIZE]);

#endif
