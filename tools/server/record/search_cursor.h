/* SPDX-License-Identifier: MIT */
/* Where a search goes on, as a text that means something to the server alone. */
#ifndef TOOLS_SERVER_RECORD_SEARCH_CURSOR_H
#define TOOLS_SERVER_RECORD_SEARCH_CURSOR_H

#include "tools/server/record/search.h"

#define CURSOR_NUMBERS_MAX 5u
#define CURSOR_LIST_MAX    (4 + 2 * SEARCH_LOGS_MAX)

/* What the numbers are of: cursors of one kind do not pass as another. */
enum cursor_kind { CURSOR_EVENTS = 'e', CURSOR_NEWS = 'n', CURSOR_NOTES = 't' };

void search_cursor_write(enum cursor_kind kind, const int64_t *numbers, size_t count,
			 char ret_cursor[SEARCH_CURSOR_SIZE]);

/* -EDOM for what search_cursor_write did not write. */
must_use int search_cursor_read(struct slice cursor, enum cursor_kind kind, int64_t *ret_numbers,
				size_t count);

/* As these, for as many numbers as there are, CURSOR_LIST_MAX at most.  -E2BIG: they do not fit, whose logs are
 * larger than any that a disk holds. */
must_use int search_cursor_write_list(enum cursor_kind kind, const int64_t *numbers, size_t count,
				      char ret_cursor[SEARCH_CURSOR_SIZE]);
must_use int search_cursor_read_list(struct slice cursor, enum cursor_kind kind,
				     int64_t ret_numbers[CURSOR_LIST_MAX], size_t *ret_count);

/* Reads all of `text` as hexadecimal digits, of which it has at most `digits_max`.  -EDOM for anything
 * else. */
must_use int search_hex_read(struct slice text, size_t digits_max, uint64_t *ret_number);

#endif
