/* SPDX-License-Identifier: MIT */
/* What differs between two texts, line by line, as `diff -u` tells it.  It is our own because authors
 * sign by what it shows: a program called diff, from wherever PATH says, is nobody's to trust with that. */
#ifndef TOOLS_POLICY_LINE_DIFF_H
#define TOOLS_POLICY_LINE_DIFF_H

#include "common/buf.h"

#define LINE_DIFF_PAIRS_MAX                                                                        \
	(4 * MIB) /* of lines that are compared, each of one text with each of the other */

/* Appends the hunks, each with three lines around it; nothing for texts that are equal.  They are the
 * shortest, but where that would take more than LINE_DIFF_PAIRS_MAX: there one block takes the place of
 * another.  -ENOMEM, -E2BIG. */
must_use int line_diff(struct slice from, struct slice to, struct buf *out);

#endif
