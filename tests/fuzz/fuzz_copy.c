/* SPDX-License-Identifier: MIT */
/* Rows of a COPY from somebody who may lie: what is let through has the fields that it came with,
 * byte for byte, but for those of masked columns.  The first bytes are the format, the rest is
 * messages with zero bytes between them. */
#include <string.h>

#include "policy/core/copy_stream.h"
#include "tests/fuzz/fuzz.h"

#define COLUMNS    4u
#define FIELDS_MAX 4096u
#define HEAD       8u

static const struct plan_column PLAN[COLUMNS] = {
	{ { 0 }, 0, 23, -1 },
	{ { MASK_REDACT, 0, 0, 0 }, 0, 25, -1 },
	{ { 0 }, 0, 25, -1 },
	{ { MASK_REDACT, 0, 0, 0 }, 0, 23, -1 },
};

/* The fields of a message, found one byte at a time. */
struct split {
	struct slice at[FIELDS_MAX];
	size_t row_first[FIELDS_MAX]; /* the first field of the row that the field is in */
	size_t count, rows;
	bool is_new; /* the next field begins a row */
};

/* How many bytes at `at` belong together inside a field. */
static size_t unit(const struct copy_format *format, struct slice text, size_t at, bool is_quoted)
{
	char c = text.at[at], next = at + 1 < text.length ? text.at[at + 1] : '\0';

	if (format->kind == COPY_TEXT) /* no server writes a newline behind a backslash */
		return c == '\\' && at + 1 < text.length && next != '\n' ? 2 : 1;
	return is_quoted && c == format->escape && at + 1 < text.length &&
			       (next == format->quote || next == format->escape)
		       ? 2
		       : 1;
}

static void end_field(struct split *split, struct slice field, bool ends_row)
{
	size_t first = split->count > 0 && !split->is_new ? split->row_first[split->count - 1]
							  : split->count;

	split->row_first[split->count] = first;
	split->at[split->count++] = field;
	split->is_new = ends_row;
	split->rows += ends_row;
}

static bool is_quote(const struct copy_format *format, char c)
{
	return format->kind == COPY_CSV && c == format->quote;
}

static void split(const struct copy_format *format, struct slice text, struct split *split)
{
	size_t begin = 0, step;
	bool is_quoted = false;

	split->count = split->rows = 0;
	split->is_new = true;
	for (size_t at = 0; at < text.length && split->count < FIELDS_MAX; at += step) {
		char c = text.at[at];

		step = unit(format, text, at, is_quoted);
		if (step > 1)
			continue;
		if (is_quote(format, c) && (is_quoted || at == begin)) {
			is_quoted = !is_quoted;
		} else if (!is_quoted && (c == format->delimiter || c == '\n')) {
			end_field(split, slice_part(text, begin, at - begin), c == '\n');
			begin = at + 1;
		}
	}
}

static bool is_masked(const struct copy_format *format, struct slice field, size_t column)
{
	struct slice label = column == 1 ? SLICE("[redacted]") : copy_format_null(format);
	struct buf out = BUF_MAX(256);

	if (column != 1 || slice_equal(field, copy_format_null(format)))
		return slice_equal(field, copy_format_null(format));
	/* Quotes and escapes by the shortest rule: what is left without them is the label. */
	for (size_t i = 0; i < field.length; i++) {
		if (memchr(label.at, field.at[i], label.length))
			buf_add_char(&out, field.at[i]);
	}
	bool is_label = out.length >= label.length && field.length <= 3 * label.length + 2;
	buf_done(&out);
	return is_label;
}

static void compare(const struct copy_format *format, struct slice before, struct slice after,
		    bool has_header)
{
	static struct split old, new;

	split(format, before, &old);
	split(format, after, &new);
	if (old.count == FIELDS_MAX || new.count == FIELDS_MAX)
		return;
	PROMISE(old.count == new.count &&old.rows == new.rows);
	for (size_t i = 0; i < old.count; i++) {
		size_t column = i - old.row_first[i];
		bool is_open = column >= COLUMNS || PLAN[column].mask.how == MASK_NONE ||
			       (has_header && old.row_first[i] == 0);

		PROMISE(is_open ? slice_equal(old.at[i], new.at[i])
				: is_masked(format, new.at[i], column));
	}
}

static void pass(struct copy_stream *stream, struct slice message)
{
	struct buf out = BUF_MAX(1 * MIB);
	bool is_changed = false, has_header = stream->header_is_due;
	int r = copy_stream_pass(stream, message, &out, &is_changed);

	PROMISE(r == 0 || out.length == 0);
	if (r == 0)
		compare(&stream->format, message, is_changed ? buf_view(&out) : message,
			has_header);
	buf_done(&out);
}

static struct copy_format read_format(const uint8_t *bytes)
{
	struct copy_format format = copy_format_of(bytes[0] & 1 ? COPY_CSV : COPY_TEXT);

	format.has_header = bytes[0] >> 1 & 1;
	format.forces_quotes = bytes[0] >> 2 & 1;
	format.delimiter = (char)bytes[1];
	format.quote = (char)bytes[2];
	format.escape = (char)bytes[3];
	copy_format_set_null(&format, (struct slice){ (const char *)bytes + 4, bytes[0] >> 3 & 3 });
	return format;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const struct mask_search none = { 0, NULL, NULL, NULL };
	struct copy_stream stream;

	if (length < HEAD)
		return 0;
	struct copy_format format = read_format(bytes);
	struct slice rest = { (const char *)bytes + HEAD, length - HEAD };
	if (copy_stream_open(&stream, &format, PLAN, COLUMNS, &none) < 0)
		return 0;
	while (rest.length > 0)
		pass(&stream, slice_cut(&rest, '\0'));
	copy_stream_done(&stream);
	return 0;
}
