/* SPDX-License-Identifier: MIT */
/* SQL text without its literals: the key of the template cache, and the only form that the record
 * keeps. */
#ifndef POLICY_CORE_TEMPLATE_H
#define POLICY_CORE_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/slice.h"

/* What the session says about reading text.  Any change of it makes another context. */
struct lexing {
	bool standard_conforming_strings;
	bool is_ascii_safe; /* client_encoding never uses an ASCII byte as a part of a character */
};

/* Where a text's simple literals stand: plain decimal digits, at most nine, and '…' without a quote
 * inside, both ends included.  Of more than fit, the first. */
#define TEMPLATE_LITERALS_MAX 8u
struct template_literals {
	uint32_t count;
	struct {
		uint32_t begin, end;
	} at[TEMPLATE_LITERALS_MAX];
};

/* Writes into `out` (cleared first) the template of `text`: unquoted words folded to lower case,
 * comments and space reduced to what separates tokens, string and number literals replaced by class
 * bytes, all else kept: $n, quoted identifiers, and numbers from LIMIT, OFFSET, FETCH, ORDER, GROUP
 * and DISTINCT ON to the end of the parentheses around them.  Numbers differ by type (int4, int8,
 * numeric).  Lists of literals are NOT collapsed.
 *   0        eligible: two texts with one template have one analysis, apart from the values of
 *            literals
 *   -ENOTSUP not eligible (backslash in a string, junk behind a number, unterminated, U&, E'', N'',
 *            odd bytes)
 *   other    the buffer's error.
 * Notes simple literals in `literals`, unless it is NULL; they count when 0 is returned. */
int template_make(struct slice text, struct lexing lexing, struct buf *out,
		  struct template_literals *literals);

/* Whether `text` has the template of `first`, as far as that can be seen without reading either: it
 * is `first` with other simple literals in the same places.  `literals` are those of `first`, from
 * template_make with the same lexing. False says nothing. */
bool template_repeats(struct slice first, const struct template_literals *literals,
		      struct slice text);

/* Appends to `out` a readable form of `text` for the record: literals become ?, dollar-quoted
 * bodies become
 * $?$, comments are dropped, runs of white space become one blank, otherwise as written.  Works on
 * any bytes: from the first place that cannot be lexed on, everything is replaced by "…".  Output
 * is capped at `max` bytes, cut at a character. */
int template_shape(struct slice text, struct lexing lexing, size_t max, struct buf *out);

#endif
