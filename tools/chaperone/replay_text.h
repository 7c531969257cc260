/* SPDX-License-Identifier: MIT */
/* From a statement as the record keeps it, without literals, to a text that can be analysed. */
#ifndef TOOLS_CHAPERONE_REPLAY_TEXT_H
#define TOOLS_CHAPERONE_REPLAY_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/slice.h"

/* What is written for the literals that are not on the record, in the order in which it is tried:
 * which one is like what was there shows in the effects. */
enum replay_values {
	REPLAY_SAME,     /* all alike, numbers where numbers may stand */
	REPLAY_DISTINCT, /* no two alike */
	REPLAY_STRINGS,  /* strings everywhere */
	REPLAY_VALUES_COUNT,
};

struct replay_text {
	size_t literals; /* how many were there */
	bool has_position; /* one of them may be the number of a column, behind ORDER BY and the like */
};

/* Whether the record has all of the statement: not one that was run by name, too large or cut. */
bool replay_is_whole(struct slice shape);

/* Appends the text.  A `?` that may be an operator as well is one where operands stand around it. */
void replay_text_write(struct slice shape, enum replay_values values, struct buf *out,
		       struct replay_text *ret_text);

#endif
