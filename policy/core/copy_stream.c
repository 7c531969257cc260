/* SPDX-License-Identifier: MIT */
/* Rows of a COPY: fields are found up to the last one that matters, and what lies between masked
 * ones is copied whole. What is written in a field's place depends on the masked value alone:
 * whether the server quoted or escaped the one that it hides would tell whether that holds the
 * delimiter, which the statement chooses. */
#include "policy/core/copy_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/core/copy_syntax.h"

enum treatment {
	PASSES,
	IS_FIXED, /* every value becomes the same */
	IS_MASKED,
	IS_SEARCHED, /* by detectors */
};

struct copy_column {
	struct mask mask;
	uint32_t type;
	int32_t modifier;
	enum treatment treatment;
	size_t fixed_at, fixed_length; /* in stream->fixed */
};

/* One message on its way. */
struct passing {
	struct copy_stream *stream;
	const struct copy_syntax *syntax;
	struct copy_text text;
	struct buf *out;
	size_t copied; /* what of the message is in `out`, as it was or masked */
	bool is_changed;
};

static const struct copy_syntax *syntax_of(const struct copy_stream *stream)
{
	return stream->format.kind == COPY_CSV ? &COPY_SYNTAX_CSV : &COPY_SYNTAX_TEXT;
}

static enum treatment treatment_of(const struct copy_stream *stream,
				   const struct plan_column *column)
{
	if (mask_is_constant(column->mask))
		return IS_FIXED;
	if (column->mask.how != MASK_NONE)
		return IS_MASKED;
	return stream->search.wanted != 0 && mask_type_holds_text(column->type) ? IS_SEARCHED
										: PASSES;
}

static void write_field(const struct copy_stream *stream, struct slice value, bool is_null,
			struct buf *out)
{
	if (is_null)
		buf_add_slice(out, copy_format_null(&stream->format));
	else
		syntax_of(stream)->write(&stream->format, value, stream->column_count == 1, out);
}

static int fix(struct copy_stream *stream, struct copy_column *column)
{
	struct cell cell = { .type = column->type, .modifier = column->modifier };
	bool is_null;

	buf_clear(&stream->masked);
	int r = mask_cell(column->mask, NULL, &cell, &stream->masked, &is_null);
	if (r < 0)
		return r;
	column->fixed_at = stream->fixed.length;
	write_field(stream, buf_view(&stream->masked), is_null, &stream->fixed);
	column->fixed_length = stream->fixed.length - column->fixed_at;
	return stream->fixed.failed;
}

static int take_column(struct copy_stream *stream, uint32_t index,
		       const struct plan_column *planned)
{
	struct copy_column *column = &stream->columns[index];

	column->mask = planned->mask;
	column->type = planned->type;
	column->modifier = planned->modifier;
	column->treatment = treatment_of(stream, planned);
	if (column->treatment != PASSES)
		stream->looked_at = index + 1;
	return column->treatment == IS_FIXED ? fix(stream, column) : 0;
}

int copy_stream_open(struct copy_stream *stream, const struct copy_format *format,
		     const struct plan_column *columns, uint32_t count,
		     const struct mask_search *search)
{
	int r = 0;

	*stream = (struct copy_stream){
		.format = *format,
		.column_count = count,
		.search = *search,
		.null_is_certain = copy_format_null_is_certain(format),
		.header_is_due = format->has_header,
		.value = BUF_MAX(COPY_MESSAGE_MAX),
		.masked = BUF_MAX(COPY_MESSAGE_MAX),
		.fixed = BUF_MAX(16 * MIB),
	};
	if (!copy_format_is_readable(format))
		return -EINVAL;
	stream->columns = calloc((size_t)count + 1, sizeof(*stream->columns));
	if (!stream->columns)
		return -ENOMEM;
	for (uint32_t i = 0; i < count && r == 0; i++)
		r = take_column(stream, i, &columns[i]);
	if (r < 0)
		copy_stream_done(stream);
	return r;
}

void copy_stream_done(struct copy_stream *stream)
{
	free(stream->columns);
	buf_done(&stream->value);
	buf_done(&stream->masked);
	buf_done(&stream->fixed);
	*stream =
		(struct copy_stream){ .rows = stream->rows, .masked_cells = stream->masked_cells };
}

/* In a column whose type is not known, what reads like a number or an address may be one, which a
 * label would make unreadable. */
static bool may_be_number(struct slice value)
{
	static const char ALLOWED[] = "0123456789abcdefABCDEF.:/";
	size_t begin = value.length > 0 && value.at[0] == '-';

	for (size_t i = begin; i < value.length; i++) {
		if (!memchr(ALLOWED, value.at[i], sizeof(ALLOWED) - 1))
			return false;
	}
	return true;
}

/* Finds what takes the place of a value: in stream->masked, or NULL.  1 when nothing does. */
static int search_value(struct copy_stream *stream, const struct cell *cell, bool *ret_is_null)
{
	struct mask_outcome outcome;
	int r = mask_found(&stream->search, cell, &stream->masked, &outcome);

	if (r < 0 || !outcome.is_changed)
		return r < 0 ? r : 1;
	*ret_is_null = outcome.is_null || (cell->type == 0 && may_be_number(cell->value));
	return 0;
}

static int mask_value(struct copy_stream *stream, const struct copy_column *column,
		      struct slice field, bool *ret_is_null)
{
	const struct mask_search *search = &stream->search;
	struct cell cell = { .type = column->type, .modifier = column->modifier };
	const struct sha256_hmac_key *key = NULL;

	cell.value = syntax_of(stream)->read(&stream->format, field, &stream->value);
	if (stream->value.failed)
		return stream->value.failed;
	buf_clear(&stream->masked);
	if (column->treatment == IS_SEARCHED)
		return search_value(stream, &cell, ret_is_null);
	if (column->mask.how == MASK_HASH && search->key_of)
		key = search->key_of(search->context, column->mask.key);
	return mask_cell(column->mask, key, &cell, &stream->masked, ret_is_null);
}

static void replace(struct passing *passing, size_t begin, size_t end)
{
	buf_add_slice(passing->out,
		      slice_part(passing->text.bytes, passing->copied, begin - passing->copied));
	passing->copied = end;
	passing->is_changed = true;
	passing->stream->masked_cells++;
}

static int treat(struct passing *passing, const struct copy_column *column, size_t begin,
		 size_t end)
{
	struct copy_stream *stream = passing->stream;
	struct slice field = slice_part(passing->text.bytes, begin, end - begin);
	bool is_null = false;

	if (column->treatment == PASSES ||
	    (stream->null_is_certain && slice_equal(field, copy_format_null(&stream->format))))
		return 0;
	if (column->treatment == IS_FIXED) {
		replace(passing, begin, end);
		buf_add_slice(passing->out, slice_part(buf_view(&stream->fixed), column->fixed_at,
						       column->fixed_length));
		return passing->out->failed;
	}
	int r = mask_value(stream, column, field, &is_null);
	if (r != 0)
		return r < 0 ? r : 0;
	replace(passing, begin, end);
	write_field(stream, buf_view(&stream->masked), is_null, passing->out);
	return passing->out->failed;
}

/* Passes the row that begins at `*at`, and moves behind it. */
static int pass_row(struct passing *passing, size_t *at)
{
	struct copy_stream *stream = passing->stream;
	size_t begin = *at;

	for (uint32_t i = 0; i < stream->looked_at; i++) {
		size_t end = passing->syntax->end(&passing->text, begin);
		bool is_last = i + 1 == stream->column_count;

		if (end == COPY_NO_END || (passing->text.bytes.at[end] == '\n') != is_last)
			return -EBADMSG;
		int r = treat(passing, &stream->columns[i], begin, end);
		if (r < 0)
			return r;
		begin = end + 1;
	}
	if (stream->looked_at == 0 || stream->looked_at < stream->column_count)
		begin = passing->syntax->row_end(&passing->text, begin);
	if (begin == COPY_NO_END)
		return -EBADMSG;
	stream->rows++;
	*at = begin;
	return 0;
}

static int pass_header(struct passing *passing, size_t *at)
{
	size_t end = passing->syntax->row_end(&passing->text, *at);

	if (end == COPY_NO_END)
		return -EBADMSG;
	passing->stream->header_is_due = false;
	*at = end;
	return 0;
}

int copy_stream_pass(struct copy_stream *stream, struct slice message, struct buf *out,
		     bool *ret_is_changed)
{
	struct passing passing = { .stream = stream,
				   .syntax = syntax_of(stream),
				   .text = { &stream->format, message, message.length },
				   .out = out };
	size_t begin = out->length;
	int r = message.length > COPY_MESSAGE_MAX ? -E2BIG : 0;

	for (size_t at = 0; r == 0 && at < message.length;)
		r = stream->header_is_due ? pass_header(&passing, &at) : pass_row(&passing, &at);
	if (r == 0 && passing.is_changed)
		buf_add_slice(out, slice_part(message, passing.copied, message.length));
	if (r == 0)
		r = out->failed;
	if (r < 0) {
		buf_truncate(out, begin);
		return r;
	}
	*ret_is_changed = passing.is_changed;
	return 0;
}
