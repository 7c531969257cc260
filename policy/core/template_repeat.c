/* SPDX-License-Identifier: MIT */
/* Tells that a text is another one with other literals, without lexing.
 *
 * The lexer goes from left to right, and what it sees ahead, be it behind space and comments, is
 * the same here and there: all bytes between literals are, and each literal begins as the one in
 * its place does, with a digit or a quote. So it suffices that the literal, read from the same
 * state, ends where it should: digits before what is no digit, a string at its first quote.  What
 * follows the literal of `first` (no point, exponent, letter or second quote, or template_make
 * would not have noted it) cannot join the one in its place either. */
#include "policy/core/template.h"

#define SIMPLE_DIGITS_MAX 9u

static bool is_digit(char c)
{
	return (unsigned)(c - '0') < 10;
}

/* The end of the digits at the front of `rest`; 0 when there are none, or too many for an int4. */
static size_t digits_end(struct slice rest)
{
	size_t end = 0;

	while (end < rest.length && is_digit(rest.at[end]))
		end++;
	return end <= SIMPLE_DIGITS_MAX ? end : 0;
}

/* The end of the string at the front of `rest`; 0 when it is none, or one that has to be lexed.
 * Bytes beyond ASCII may be half a character, depending on the encoding. */
static size_t string_end(struct slice rest)
{
	if (rest.length == 0 || rest.at[0] != '\'')
		return 0;
	for (size_t end = 1; end < rest.length; end++) {
		unsigned char c = (unsigned char)rest.at[end];

		if (c == '\'')
			return end + 1;
		if (c == '\\' || c == '\0' || c >= 0x80)
			break;
	}
	return 0;
}

bool template_repeats(struct slice first, const struct template_literals *literals,
		      struct slice text)
{
	size_t from = 0; /* of `first`, behind the last literal */

	for (uint32_t i = 0; i < literals->count; i++) {
		size_t begin = literals->at[i].begin;
		struct slice before = slice_part(first, from, begin - from);

		if (!slice_equal(slice_part(text, 0, before.length), before))
			return false;
		text = slice_part(text, before.length, text.length);
		size_t end = first.at[begin] == '\'' ? string_end(text) : digits_end(text);
		if (end == 0)
			return false;
		text = slice_part(text, end, text.length);
		from = literals->at[i].end;
	}
	return slice_equal(text, slice_part(first, from, first.length));
}
