/* SPDX-License-Identifier: MIT */
/* Fields of a COPY's rows: where they end, what they say, and how a value is written. */
#ifndef POLICY_CORE_COPY_SYNTAX_H
#define POLICY_CORE_COPY_SYNTAX_H

#include <stddef.h>

#include "common/buf.h"
#include "policy/core/copy_format.h"

/* A message of the stream, and a place in it. */
struct copy_text {
	const struct copy_format *format;
	struct slice bytes;
	/* the first one at or behind the place that is looked at; bytes.length when there is
	 * none */
	size_t newline;
};

/* No field ends there. */
#define COPY_NO_END SIZE_MAX

/* What differs between the formats. */
struct copy_syntax {
	/* Where the field that begins at `at` ends: the place of a delimiter or a newline.
	 * COPY_NO_END when the bytes are not a field. */
	size_t (*end)(struct copy_text *text, size_t at);
	/* Where the row that a field begins in at `at` ends: behind its newline.  COPY_NO_END
	 * likewise. */
	size_t (*row_end)(struct copy_text *text, size_t at);
	/* The value that `field` stands for: borrowed from it, or from `room`.  Ask
	 * room->failed. */
	struct slice (*read)(const struct copy_format *format, struct slice field,
			     struct buf *room);
	/* Appends `value` as a field, which is the row's only one or not. */
	void (*write)(const struct copy_format *format, struct slice value, bool is_only,
		      struct buf *out);
};

extern const struct copy_syntax COPY_SYNTAX_TEXT;
extern const struct copy_syntax COPY_SYNTAX_CSV;

/* Moves text->newline to the first one at or behind `at`. */
void copy_text_seek(struct copy_text *text, size_t at);

/* Where `mark` stands first in [at, limit), if an even number of `escape` stands in front of it;
 * COPY_NO_END when it does not. */
size_t copy_text_find(const struct copy_text *text, size_t at, size_t limit, char mark,
		      char escape);

#endif
