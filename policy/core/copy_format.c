/* SPDX-License-Identifier: MIT */
/* Formats of COPY: what is usual, and what can be worked with. */
#include "policy/core/copy_format.h"

#include <string.h>

struct copy_format copy_format_of(enum copy_kind kind)
{
	struct copy_format format = { .kind = (uint8_t)kind };

	if (kind == COPY_CSV) {
		format.delimiter = ',';
		format.quote = format.escape = '"';
	} else if (kind == COPY_TEXT) {
		format.delimiter = '\t';
		copy_format_set_null(&format, SLICE("\\N"));
	}
	return format;
}

bool copy_format_set_null(struct copy_format *format, struct slice text)
{
	if (text.length > COPY_NULL_MAX)
		return false;
	format->null_length = (uint8_t)text.length;
	memset(format->null_text, 0, sizeof(format->null_text));
	if (text.length > 0)
		memcpy(format->null_text, text.at, text.length);
	return true;
}

struct slice copy_format_null(const struct copy_format *format)
{
	return (struct slice){ format->null_text, format->null_length };
}

static bool is_ascii(char c)
{
	return c != '\0' && !((unsigned char)c & 0x80);
}

static bool is_visible(char c)
{
	return c >= ' ' && c <= '~';
}

static bool ends_line(char c)
{
	return c == '\n' || c == '\r';
}

/* Whether the delimiter behind the mark would look like one inside a value. */
static bool escapes_delimiter(const struct copy_format *format, struct slice null)
{
	size_t count = 0;

	while (count < null.length && null.at[null.length - count - 1] == '\\')
		count++;
	return format->kind == COPY_TEXT && count % 2 != 0;
}

static bool null_is_readable(const struct copy_format *format)
{
	struct slice null = copy_format_null(format);

	if (escapes_delimiter(format, null))
		return false;
	for (size_t i = 0; i < null.length; i++) {
		if (!is_ascii(null.at[i]) || ends_line(null.at[i]) ||
		    null.at[i] == format->delimiter)
			return false;
		if (format->kind == COPY_CSV && null.at[i] == format->quote)
			return false;
	}
	return true;
}

/* copy.c of PostgreSQL, ProcessCopyOptions */
static bool may_delimit_text(char c)
{
	return c != '\\' && c != '.' && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9');
}

bool copy_format_is_readable(const struct copy_format *format)
{
	if (format->kind > COPY_CSV || format->has_header > 1 || format->forces_quotes > 1 ||
	    format->null_length > COPY_NULL_MAX)
		return false;
	if (!is_ascii(format->delimiter) || ends_line(format->delimiter) ||
	    !null_is_readable(format))
		return false;
	if (format->kind == COPY_TEXT)
		return may_delimit_text(format->delimiter);
	return is_visible(format->quote) && is_visible(format->escape) &&
	       format->delimiter != format->quote;
}

/* Whether the text format may write a value as these two bytes. */
static bool is_escape(const struct copy_format *format, char c)
{
	return memchr("bfnrtv\\", c, 7) || c == format->delimiter;
}

bool copy_format_null_is_certain(const struct copy_format *format)
{
	struct slice null = copy_format_null(format);

	if (format->kind != COPY_TEXT)
		return format->kind == COPY_CSV;
	for (size_t i = 0; i < null.length; i++) {
		if (null.at[i] != '\\')
			continue;
		if (i + 1 < null.length && !is_escape(format, null.at[i + 1]))
			return true;
		i++;
	}
	return false;
}

static void print_character(struct buf *out, const char *label, char c)
{
	if (is_visible(c))
		buf_printf(out, " %s '%c'", label, c);
	else
		buf_printf(out, " %s 0x%02x", label, (unsigned char)c);
}

void copy_format_print(const struct copy_format *format, struct buf *out)
{
	static const char *const KINDS[] = { "text", "csv", "binary", "unreadable" };

	buf_add_text(out, format->kind <= COPY_UNREADABLE ? KINDS[format->kind] : "?");
	if (format->kind > COPY_CSV)
		return;
	if (format->has_header)
		buf_add_text(out, " header");
	print_character(out, "delimiter", format->delimiter);
	if (format->kind == COPY_CSV) {
		print_character(out, "quote", format->quote);
		print_character(out, "escape", format->escape);
	}
	if (format->forces_quotes)
		buf_add_text(out, " force-quote");
	buf_printf(out, " null '%.*s'", SLICE_ARGUMENTS(copy_format_null(format)));
}
