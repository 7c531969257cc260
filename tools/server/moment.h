/* SPDX-License-Identifier: MIT */
/* Times as people and programs read them (RFC 3339, in UTC). */
#ifndef TOOLS_SERVER_MOMENT_H
#define TOOLS_SERVER_MOMENT_H

#include <stdint.h>

#include "common/buf.h"

#define MOMENT_SIZE 32u

/* `ns`: since 1970. */
void moment_text(int64_t ns, char ret_text[MOMENT_SIZE]);

/* Adds it to an object of JSON. */
void moment_json(struct buf *out, const char *name, int64_t ns);

#endif
