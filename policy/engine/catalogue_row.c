/* SPDX-License-Identifier: MIT */
/* Reads the words of one row of the catalogue's query. */
#include "policy/engine/catalogue_row.h"

#include <errno.h>
#include <string.h>

/* Copies the quoted name at the start of `row`, quotes taken away. */
static int read_quoted(struct arena *memory, struct slice *row, struct slice *ret_name)
{
	char *copy = arena_get(memory, row->length);
	size_t length = 0, at = 1;

	if (!copy)
		return -ENOMEM;
	for (;; at++) {
		if (at >= row->length)
			return -EBADMSG;
		if (row->at[at] == '"') {
			if (at + 1 >= row->length || row->at[at + 1] != '"')
				break;
			at++;
		}
		copy[length++] = row->at[at];
	}
	*row = slice_part(*row, at + 1, row->length);
	*ret_name = (struct slice){ copy, length };
	return 0;
}

static int copy_plain(struct arena *memory, struct slice word, struct slice *ret_name)
{
	if (word.length == 0 || memchr(word.at, '"', word.length))
		return -EBADMSG;
	const char *copy = arena_text(memory, word);
	if (!copy)
		return -ENOMEM;
	*ret_name = (struct slice){ copy, word.length };
	return 0;
}

int row_name(struct arena *memory, struct slice *row, struct slice *ret_name)
{
	if (row->length == 0 || row->at[0] != '"')
		return copy_plain(memory, slice_cut(row, ' '), ret_name);
	int r = read_quoted(memory, row, ret_name);

	if (r < 0)
		return r;
	if (row->length > 0 && row->at[0] != ' ')
		return -EBADMSG;
	*row = slice_part(*row, 1, row->length);
	return 0;
}

int row_number(struct slice *row, uint32_t *ret_number)
{
	uint64_t number;

	if (slice_to_u64(slice_cut(row, ' '), &number) < 0 || number > UINT32_MAX)
		return -EBADMSG;
	*ret_number = (uint32_t)number;
	return 0;
}

int row_character(struct slice *row, char *ret_character)
{
	struct slice word = slice_cut(row, ' ');

	if (word.length != 1)
		return -EBADMSG;
	*ret_character = word.at[0];
	return 0;
}

int row_numbers(struct arena *memory, struct slice *row, uint32_t **ret_numbers, size_t *ret_count)
{
	struct slice list = slice_cut(row, ' ');
	uint32_t *numbers = NULL;
	size_t count = 0;
	int r = 0;

	if (!slice_starts_with(list, "{") || !slice_ends_with(list, "}"))
		return -EBADMSG;
	list = slice_part(list, 1, list.length - 2);
	while (r == 0 && list.length > 0) {
		struct slice word = slice_cut(&list, ',');

		numbers = arena_grow(memory, numbers, count, sizeof(*numbers));
		r = numbers ? row_number(&word, &numbers[count++]) : -ENOMEM;
	}
	*ret_numbers = numbers;
	*ret_count = count;
	return r;
}
