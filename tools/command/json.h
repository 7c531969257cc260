/* SPDX-License-Identifier: MIT */
/* Writing JSON member by member: each adds itself and a comma, closing takes the last comma
 * away. */
#ifndef TOOLS_COMMAND_JSON_H
#define TOOLS_COMMAND_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"

/* Begins an object or a list; `name` is NULL for one in a list or on its own. */
void json_open(struct buf *out, const char *name, char bracket);

/* Ends what was begun with the matching bracket, and adds a comma. */
void json_close(struct buf *out, char bracket);

/* Takes the comma behind the outermost object away. */
void json_end(struct buf *out);

void json_text(struct buf *out, const char *name, struct slice text);
void json_number(struct buf *out, const char *name, uint64_t number);
void json_bool(struct buf *out, const char *name, bool is_true);

/* As json_text, but nothing for an empty text. */
void json_text_if(struct buf *out, const char *name, struct slice text);

/* As json_number for a text of decimal digits; nothing for any other text. */
void json_digits_if(struct buf *out, const char *name, struct slice text);

#endif
