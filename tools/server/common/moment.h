/* SPDX-License-Identifier: MIT */
/* Times as people and programs read them (RFC 3339, in UTC). */
#ifndef TOOLS_SERVER_COMMON_MOMENT_H
#define TOOLS_SERVER_COMMON_MOMENT_H

#include <stdint.h>

#include "common/buf.h"
#include "tools/server/store/store.h"

#define MOMENT_SIZE 32u

/* `ns`: since 1970. */
void moment_text(int64_t ns, char ret_text[MOMENT_SIZE]);

/* Adds it to an object of JSON. */
void moment_json(struct buf *out, const char *name, int64_t ns);

/* Likewise a column, unless it is NULL. */
void moment_json_stored(struct buf *out, const char *name, const struct store_value *time);

#endif
