/* SPDX-License-Identifier: MIT */
#include "tools/server/record/search_cursor.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/buf.h"

#define DIGITS 16u /* hexadecimal */

_Static_assert(1 + CURSOR_NUMBERS_MAX * (DIGITS + 1) <= SEARCH_CURSOR_SIZE, "cursors fit");

int search_cursor_write_list(enum cursor_kind kind, const int64_t *numbers, size_t count,
			     char ret_cursor[SEARCH_CURSOR_SIZE])
{
	char room[SEARCH_CURSOR_SIZE];
	struct buf out = BUF_OVER(room);

	buf_add_char(&out, (char)kind);
	for (size_t i = 0; i < count; i++)
		buf_printf(&out, "%s%" PRIx64, i > 0 ? "." : "", (uint64_t)numbers[i]);
	if (out.failed)
		return out.failed;
	memcpy(ret_cursor, buf_text(&out), out.length + 1);
	return 0;
}

void search_cursor_write(enum cursor_kind kind, const int64_t *numbers, size_t count,
			 char ret_cursor[SEARCH_CURSOR_SIZE])
{
	(void)!search_cursor_write_list(kind, numbers, count, ret_cursor);
}

int search_hex_read(struct slice text, size_t digits_max, uint64_t *ret_number)
{
	static const char HEX[] = "0123456789abcdef";

	*ret_number = 0;
	if (text.length == 0 || text.length > digits_max)
		return -EDOM;
	for (size_t i = 0; i < text.length; i++) {
		const char *digit = memchr(HEX, text.at[i], sizeof(HEX) - 1);

		if (!digit)
			return -EDOM;
		*ret_number = *ret_number << 4 | (uint64_t)(digit - HEX);
	}
	return 0;
}

static int read_numbers(struct slice cursor, enum cursor_kind kind, int64_t *ret_numbers,
			size_t max, size_t *ret_count)
{
	if (cursor.length == 0 || cursor.at[0] != (char)kind)
		return -EDOM;
	struct slice rest = slice_part(cursor, 1, SIZE_MAX);
	size_t count = 0;
	do {
		uint64_t number;

		if (count == max || search_hex_read(slice_cut(&rest, '.'), DIGITS, &number) < 0)
			return -EDOM;
		ret_numbers[count++] = (int64_t)number;
	} while (rest.at);
	*ret_count = count;
	return 0;
}

int search_cursor_read_list(struct slice cursor, enum cursor_kind kind,
			    int64_t ret_numbers[CURSOR_LIST_MAX], size_t *ret_count)
{
	return read_numbers(cursor, kind, ret_numbers, CURSOR_LIST_MAX, ret_count);
}

int search_cursor_read(struct slice cursor, enum cursor_kind kind, int64_t *ret_numbers,
		       size_t count)
{
	size_t there = 0;
	int r = read_numbers(cursor, kind, ret_numbers, count, &there);

	return r == 0 && there != count ? -EDOM : r;
}
