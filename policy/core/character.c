/* SPDX-License-Identifier: MIT */
/* Characters of UTF-8 text (RFC 3629), forwards and backwards. */
#include "policy/core/character.h"

/* What the lead byte `c` announces; 0 when it cannot start a character of several bytes. */
static size_t announced(unsigned char c)
{
	if (c >= 0xc2 && c < 0xe0)
		return 2;
	if (c >= 0xe0 && c < 0xf0)
		return 3;
	return c >= 0xf0 && c < 0xf5 ? 4 : 0;
}

size_t character_first(struct slice text)
{
	if (text.length == 0)
		return 0;
	size_t length = announced((unsigned char)text.at[0]);
	if (length == 0 || length > text.length)
		return 1;
	return slice_is_utf8(slice_part(text, 0, length)) ? length : 1;
}

size_t character_last(struct slice text)
{
	if (text.length == 0 || (unsigned char)text.at[text.length - 1] < 0x80)
		return text.length > 0;
	for (size_t length = 2; length <= 4 && length <= text.length; length++) {
		size_t begin = text.length - length;

		if (announced((unsigned char)text.at[begin]) == length)
			return slice_is_utf8(slice_part(text, begin, length)) ? length : 1;
	}
	return 1;
}

size_t character_span(struct slice text, size_t characters)
{
	size_t at = 0;

	if (characters >= text.length)
		return text.length;
	for (; characters > 0 && at < text.length; characters--)
		at += character_first(slice_part(text, at, text.length));
	return at;
}

size_t character_fit(struct slice text, size_t bytes)
{
	if (bytes >= text.length)
		return text.length;
	/* A character that the cut goes through starts at most three bytes before it. */
	for (size_t back = 1; back <= 3 && back <= bytes; back++) {
		struct slice rest = slice_part(text, bytes - back, text.length);

		if (character_first(rest) > back)
			return bytes - back;
	}
	return bytes;
}
