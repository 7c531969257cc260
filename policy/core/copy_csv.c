/* SPDX-License-Identifier: MIT */
/* COPY's csv format as the server writes it (copyto.c of PostgreSQL, CopyAttributeOutCSV): a field
 * is quoted from its first byte to its last or has no quote in it, and quoted ones may hold
 * newlines. */
#include "policy/core/copy_syntax.h"

#include <string.h>

static bool is_quoted(const struct copy_text *text, size_t at)
{
	return at < text->bytes.length && text->bytes.at[at] == text->format->quote;
}

/* The closing quote of a field that is opened in front of `at`, where a quote inside is written
 * twice. */
static size_t find_lone(const struct copy_text *text, size_t at)
{
	struct slice bytes = text->bytes;

	while (at < bytes.length) {
		const char *found = memchr(bytes.at + at, text->format->quote, bytes.length - at);

		if (!found)
			break;
		at = (size_t)(found - bytes.at);
		if (at + 1 == bytes.length || bytes.at[at + 1] != text->format->quote)
			return at;
		at += 2;
	}
	return COPY_NO_END;
}

static size_t quoted_end(const struct copy_text *text, size_t at)
{
	const struct copy_format *format = text->format;
	size_t close = format->escape == format->quote
			       ? find_lone(text, at + 1)
			       : copy_text_find(text, at + 1, text->bytes.length, format->quote,
						format->escape);

	if (close == COPY_NO_END || close + 1 >= text->bytes.length)
		return COPY_NO_END;
	char next = text->bytes.at[close + 1];
	return next == format->delimiter || next == '\n' ? close + 1 : COPY_NO_END;
}

static size_t end(struct copy_text *text, size_t at)
{
	if (is_quoted(text, at))
		return quoted_end(text, at);
	copy_text_seek(text, at);
	if (text->newline == text->bytes.length)
		return COPY_NO_END;
	const char *found =
		memchr(text->bytes.at + at, text->format->delimiter, text->newline - at);
	return found ? (size_t)(found - text->bytes.at) : text->newline;
}

/* Without a quote in front of it a newline ends the row. */
static size_t row_end(struct copy_text *text, size_t at)
{
	copy_text_seek(text, at);
	if (text->newline == text->bytes.length)
		return COPY_NO_END;
	if (!memchr(text->bytes.at + at, text->format->quote, text->newline - at))
		return text->newline + 1;
	for (;;) {
		at = end(text, at);
		if (at == COPY_NO_END)
			return COPY_NO_END;
		if (text->bytes.at[at++] == '\n')
			return at;
	}
}

static struct slice value_of(const struct copy_format *format, struct slice field, struct buf *room)
{
	if (field.length < 2 || field.at[0] != format->quote)
		return field;
	struct slice inner = slice_part(field, 1, field.length - 2);

	if (!memchr(inner.at, format->escape, inner.length))
		return inner;
	buf_clear(room);
	for (size_t i = 0; i < inner.length; i++) {
		bool is_escape =
			inner.at[i] == format->escape && i + 1 < inner.length &&
			(inner.at[i + 1] == format->quote || inner.at[i + 1] == format->escape);

		i += is_escape;
		buf_add_char(room, inner.at[i]);
	}
	return buf_view(room);
}

static bool needs_quotes(const struct copy_format *format, struct slice value, bool is_only)
{
	if (format->forces_quotes || slice_equal(value, copy_format_null(format)) ||
	    (is_only && slice_is(value, "\\.")))
		return true;
	for (size_t i = 0; i < value.length; i++) {
		char c = value.at[i];

		if (c == format->delimiter || c == format->quote || c == '\n' || c == '\r')
			return true;
	}
	return false;
}

static void write_value(const struct copy_format *format, struct slice value, bool is_only,
			struct buf *out)
{
	if (!needs_quotes(format, value, is_only)) {
		buf_add_slice(out, value);
		return;
	}
	buf_add_char(out, format->quote);
	for (size_t i = 0; i < value.length; i++) {
		if (value.at[i] == format->quote || value.at[i] == format->escape)
			buf_add_char(out, format->escape);
		buf_add_char(out, value.at[i]);
	}
	buf_add_char(out, format->quote);
}

const struct copy_syntax COPY_SYNTAX_CSV = { end, row_end, value_of, write_value };
