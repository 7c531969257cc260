/* SPDX-License-Identifier: MIT */
/* COPY's text format as the server writes it (copyto.c of PostgreSQL, CopyAttributeOutText): line
 * breaks, backslashes and delimiters inside values have a backslash in front, so that a newline
 * byte always ends a row. */
#include "policy/core/copy_syntax.h"

#include <string.h>

void copy_text_seek(struct copy_text *text, size_t at)
{
	if (text->newline >= at && text->newline < text->bytes.length &&
	    text->bytes.at[text->newline] == '\n')
		return;
	const char *found = at < text->bytes.length
				    ? memchr(text->bytes.at + at, '\n', text->bytes.length - at)
				    : NULL;

	text->newline = found ? (size_t)(found - text->bytes.at) : text->bytes.length;
}

/* Runs of escapes end at marks, so that every byte is looked at twice at most. */
static bool is_escaped(const struct copy_text *text, size_t begin, size_t at, char escape)
{
	size_t count = 0;

	while (at - count > begin && text->bytes.at[at - count - 1] == escape)
		count++;
	return count % 2 != 0;
}

size_t copy_text_find(const struct copy_text *text, size_t at, size_t limit, char mark, char escape)
{
	size_t from = at;

	while (from < limit) {
		const char *found = memchr(text->bytes.at + from, mark, limit - from);

		if (!found)
			break;
		size_t place = (size_t)(found - text->bytes.at);
		if (!is_escaped(text, at, place, escape))
			return place;
		from = place + 1;
	}
	return COPY_NO_END;
}

static size_t end(struct copy_text *text, size_t at)
{
	copy_text_seek(text, at);
	if (text->newline == text->bytes.length)
		return COPY_NO_END;
	size_t found = copy_text_find(text, at, text->newline, text->format->delimiter, '\\');
	return found == COPY_NO_END ? text->newline : found;
}

static size_t row_end(struct copy_text *text, size_t at)
{
	copy_text_seek(text, at);
	return text->newline == text->bytes.length ? COPY_NO_END : text->newline + 1;
}

/* PAIRS[2n] stands behind a backslash for PAIRS[2n + 1]. */
static const char PAIRS[] = "b\bf\fn\nr\rt\tv\v";

static char character_of(char letter)
{
	for (size_t i = 0; i < sizeof(PAIRS) - 1; i += 2) {
		if (PAIRS[i] == letter)
			return PAIRS[i + 1];
	}
	return letter;
}

/* The letter that stands for `c`; 0 when it stands for itself. */
static char letter_of(char c)
{
	for (size_t i = 1; i < sizeof(PAIRS); i += 2) {
		if (PAIRS[i] == c)
			return PAIRS[i - 1];
	}
	return '\0';
}

static struct slice value_of(const struct copy_format *format, struct slice field, struct buf *room)
{
	size_t at = 0;

	(void)format;
	if (field.length == 0 || !memchr(field.at, '\\', field.length))
		return field;
	buf_clear(room);
	while (at < field.length) {
		const char *found = memchr(field.at + at, '\\', field.length - at);
		size_t plain = found ? (size_t)(found - field.at) - at : field.length - at;

		buf_add(room, field.at + at, plain);
		at += plain;
		if (at + 1 < field.length)
			buf_add_char(room, character_of(field.at[at + 1]));
		at += 2;
	}
	return buf_view(room);
}

static void write_value(const struct copy_format *format, struct slice value, bool is_only,
			struct buf *out)
{
	(void)is_only;
	for (size_t i = 0; i < value.length; i++) {
		char c = value.at[i], letter = letter_of(c);

		if (letter || c == '\\' || c == format->delimiter)
			buf_add_char(out, '\\');
		buf_add_char(out, letter ? letter : c);
	}
}

const struct copy_syntax COPY_SYNTAX_TEXT = { end, row_end, value_of, write_value };
