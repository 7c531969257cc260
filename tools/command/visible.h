/* SPDX-License-Identifier: MIT */
/* Texts that somebody else chose, for a terminal: nothing in them controls it. */
#ifndef TOOLS_COMMAND_VISIBLE_H
#define TOOLS_COMMAND_VISIBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/slice.h"

/* The length of the UTF-8 character at the start of `text` and its code point; 0 for what is
 * none. */
size_t visible_decode(struct slice text, uint32_t *ret_code);

/* Whether a character is one that controls, reorders or hides. */
bool visible_is_hidden(uint32_t code);

/* Appends `text` with such characters and ill-formed bytes as \x1b, \u{202e} and the like.  At most
 * `columns` characters (0: all), the last one a tilde when something is cut off.  Returns how
 * many. */
size_t visible_add(struct buf *out, struct slice text, size_t columns);

/* As visible_add, filled up with spaces to `columns`. */
void visible_add_cell(struct buf *out, struct slice text, size_t columns);

#endif
