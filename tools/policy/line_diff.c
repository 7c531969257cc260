/* SPDX-License-Identifier: MIT */
#include "tools/policy/line_diff.h"

#include <errno.h>
#include <string.h>

#define CONTEXT 3u

struct lines {
	struct slice *items; /* each with its end, which the last one may lack */
	size_t count;
};

struct script {
	struct lines from, to;
	char *steps; /* ' ': the next line of both, '-' of the one, '+' of the other */
	size_t count;
};

static void script_done(struct script *script)
{
	free(script->from.items);
	free(script->to.items);
	free(script->steps);
}

static int split(struct slice text, struct lines *lines)
{
	size_t most = 1;

	for (size_t i = 0; i < text.length; i++)
		most += text.at[i] == '\n';
	lines->items = calloc(most, sizeof(*lines->items));
	if (!lines->items)
		return -ENOMEM;
	while (text.length > 0) {
		const char *end = memchr(text.at, '\n', text.length);
		size_t length = end ? (size_t)(end - text.at) + 1 : text.length;

		lines->items[lines->count++] = slice_part(text, 0, length);
		text = slice_part(text, length, SIZE_MAX);
	}
	return 0;
}

static void step(struct script *script, char kind, size_t count)
{
	memset(script->steps + script->count, kind, count);
	script->count += count;
}

/* The longest common subsequences of what is behind each pair of lines, by dynamic programming from the
 * end.  The shorter side has at most 2048 lines, so 16 bits are enough. */
static uint16_t *measure(const struct slice *from, size_t rows, const struct slice *to,
			 size_t columns)
{
	size_t width = columns + 1;
	uint16_t *table = calloc((rows + 1) * width, sizeof(*table));

	for (size_t i = rows; table && i-- > 0;) {
		for (size_t j = columns; j-- > 0;) {
			uint16_t *at = &table[i * width + j];
			uint16_t down = at[width], right = at[1];

			*at = slice_equal(from[i], to[j]) ? (uint16_t)(at[width + 1] + 1)
			      : down > right              ? down
							  : right;
		}
	}
	return table;
}

/* Steps through what differs: `rows` lines of the one from `first` on, `columns` of the other. */
static int compare_middle(struct script *script, size_t first, size_t rows, size_t columns)
{
	const struct slice *from = script->from.items + first, *to = script->to.items + first;
	bool is_measured = rows > 0 && columns <= LINE_DIFF_PAIRS_MAX / rows;
	SCOPED(free_p) uint16_t *table = is_measured ? measure(from, rows, to, columns) : NULL;
	size_t i = 0, j = 0, width = columns + 1;

	if (is_measured && !table)
		return -ENOMEM;
	while (table && i < rows && j < columns) {
		const uint16_t *at = &table[i * width + j];
		bool is_same = slice_equal(from[i], to[j]);
		bool is_gone = !is_same && at[width] >= at[1];

		step(script, is_same ? ' ' : is_gone ? '-' : '+', 1);
		i += is_same || is_gone;
		j += !is_gone;
	}
	step(script, '-', rows - i);
	step(script, '+', columns - j);
	return 0;
}

static int compare(struct script *script)
{
	const struct lines *from = &script->from, *to = &script->to;
	size_t least = from->count < to->count ? from->count : to->count, first = 0, last = 0;

	script->steps = malloc(from->count + to->count + 1);
	if (!script->steps)
		return -ENOMEM;
	while (first < least && slice_equal(from->items[first], to->items[first]))
		first++;
	while (last < least - first &&
	       slice_equal(from->items[from->count - 1 - last], to->items[to->count - 1 - last]))
		last++;
	step(script, ' ', first);
	int r = compare_middle(script, first, from->count - first - last, to->count - first - last);
	step(script, ' ', last);
	return r;
}

/* Changes with at most twice the context between them stand in one hunk. */
static size_t hunk_end(const struct script *script, size_t first)
{
	size_t last = first, end;

	for (size_t k = first; k < script->count && k <= last + 2 * CONTEXT + 1; k++) {
		if (script->steps[k] != ' ')
			last = k;
	}
	end = last + CONTEXT + 1;
	return end < script->count ? end : script->count;
}

/* How many lines of the side whose own kind is `kind` the steps take. */
static size_t count_lines(const struct script *script, size_t begin, size_t end, char kind)
{
	size_t count = 0;

	for (size_t k = begin; k < end; k++)
		count += script->steps[k] == ' ' || script->steps[k] == kind;
	return count;
}

static void write_range(char mark, size_t before, size_t count, struct buf *out)
{
	buf_printf(out, "%c%zu,%zu ", mark, before + (count > 0), count);
}

static void write_line(char kind, struct slice line, struct buf *out)
{
	buf_add_char(out, kind);
	buf_add_slice(out, line);
	if (!slice_ends_with(line, "\n"))
		buf_add_text(out, "\n\\ No newline at end of file\n");
}

/* `i` and `j`: how many lines of each stand before the hunk. */
static void write_hunk(const struct script *script, size_t begin, size_t end, size_t i,
		       struct buf *out)
{
	size_t j = count_lines(script, 0, begin, '+');

	buf_add_text(out, "@@ ");
	write_range('-', i, count_lines(script, begin, end, '-'), out);
	write_range('+', j, count_lines(script, begin, end, '+'), out);
	buf_add_text(out, "@@\n");
	for (size_t k = begin; k < end; k++) {
		char kind = script->steps[k];

		write_line(kind, kind == '+' ? script->to.items[j] : script->from.items[i], out);
		i += kind != '+';
		j += kind != '-';
	}
}

int line_diff(struct slice from, struct slice to, struct buf *out)
{
	SCOPED(script_done) struct script script = { .steps = NULL };
	int r = split(from, &script.from);

	if (r == 0)
		r = split(to, &script.to);
	if (r == 0)
		r = compare(&script);
	for (size_t k = 0, end = 0; r == 0 && k < script.count; k++) {
		if (script.steps[k] == ' ')
			continue;
		size_t begin = k - end < CONTEXT ? end : k - CONTEXT;
		end = hunk_end(&script, k);
		write_hunk(&script, begin, end, count_lines(&script, 0, begin, '-'), out);
		k = end - 1;
	}
	return r < 0 ? r : out->failed;
}
