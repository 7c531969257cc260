/* SPDX-License-Identifier: MIT */
#include "tools/server/http/urlencoded.h"

#include <errno.h>

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte for which the next one, or an escape of three, stands, and cuts that off; negative: it is no
 * escape. */
static int cut_byte(struct slice *encoded)
{
	char c = encoded->at[0];
	size_t length = c == '%' ? 3 : 1;

	if (encoded->length < length)
		return -1;
	int high = c == '%' ? digit(encoded->at[1]) : 0, low = c == '%' ? digit(encoded->at[2]) : 0;
	*encoded = slice_part(*encoded, length, encoded->length - length);
	if (length == 1)
		return c == '+' ? ' ' : (unsigned char)c;
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

int urlencoded_decode(struct slice encoded, char *at, size_t room, struct slice *ret_text)
{
	size_t length = 0;

	while (encoded.length > 0) {
		int c = cut_byte(&encoded);

		if (c <= 0)
			return -EINVAL;
		if (length == room)
			return -E2BIG;
		at[length++] = (char)c;
	}
	*ret_text = (struct slice){ at, length };
	return slice_is_utf8(*ret_text) ? 0 : -EINVAL;
}
