/* SPDX-License-Identifier: MIT */
#include "tools/server/record/search_cursor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DIGITS 16u /* hexadecimal */

_Static_assert(1 + CURSOR_NUMBERS_MAX * (DIGITS + 1) <= SEARCH_CURSOR_SIZE, "cursors fit");

void search_cursor_write(enum cursor_kind kind, const int64_t *numbers, size_t count,
			 char ret_cursor[SEARCH_CURSOR_SIZE])
{
	int length = snprintf(ret_cursor, SEARCH_CURSOR_SIZE, "%c", (char)kind);

	for (size_t i = 0; i < count; i++)
		length += snprintf(ret_cursor + length, SEARCH_CURSOR_SIZE - (size_t)length,
				   "%s%" PRIx64, i > 0 ? "." : "", (uint64_t)numbers[i]);
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

int search_cursor_read(struct slice cursor, enum cursor_kind kind, int64_t *ret_numbers,
		       size_t count)
{
	if (cursor.length == 0 || cursor.at[0] != (char)kind)
		return -EDOM;
	struct slice rest = slice_part(cursor, 1, SIZE_MAX);
	for (size_t i = 0; i < count; i++) {
		uint64_t number;

		if (search_hex_read(slice_cut(&rest, '.'), DIGITS, &number) < 0)
			return -EDOM;
		ret_numbers[i] = (int64_t)number;
	}
	return rest.at ? -EDOM : 0;
}
