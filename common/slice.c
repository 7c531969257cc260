/* SPDX-License-Identifier: MIT */
/* Slices: comparison, cutting, wildcard match, number and UTF-8 reading. */
#include "common/slice.h"

#include <errno.h>
#include <string.h>

struct slice slice_of(const char *text)
{
	return (struct slice){ text, text ? strlen(text) : 0 };
}

struct slice slice_part(struct slice whole, size_t offset, size_t length)
{
	if (offset > whole.length)
		offset = whole.length;
	if (length > whole.length - offset)
		length = whole.length - offset;
	return (struct slice){ whole.at ? whole.at + offset : NULL, length };
}

bool slice_equal(struct slice a, struct slice b)
{
	return a.length == b.length && (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}

bool slice_is(struct slice a, const char *text)
{
	return slice_equal(a, slice_of(text));
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool slice_equal_ignoring_case(struct slice a, struct slice b)
{
	if (a.length != b.length)
		return false;
	for (size_t i = 0; i < a.length; i++) {
		if (lower(a.at[i]) != lower(b.at[i]))
			return false;
	}
	return true;
}

bool slice_starts_with(struct slice text, const char *prefix)
{
	struct slice head = slice_of(prefix);

	return text.length >= head.length && slice_equal(slice_part(text, 0, head.length), head);
}

bool slice_ends_with(struct slice text, const char *suffix)
{
	struct slice tail = slice_of(suffix);

	return text.length >= tail.length &&
	       slice_equal(slice_part(text, text.length - tail.length, tail.length), tail);
}

int slice_compare(struct slice a, struct slice b)
{
	size_t common = a.length < b.length ? a.length : b.length;
	int order = common ? memcmp(a.at, b.at, common) : 0;

	if (order != 0)
		return order;
	return a.length < b.length ? -1 : a.length > b.length;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct slice slice_trim(struct slice text)
{
	while (text.length > 0 && is_space(text.at[0]))
		text = slice_part(text, 1, text.length);
	while (text.length > 0 && is_space(text.at[text.length - 1]))
		text.length--;
	return text;
}

struct slice slice_cut(struct slice *text, char separator)
{
	struct slice whole = *text;
	const char *found = whole.length ? memchr(whole.at, separator, whole.length) : NULL;

	if (!found) {
		*text = (struct slice){ NULL, 0 };
		return whole;
	}
	size_t before = (size_t)(found - whole.at);
	*text = slice_part(whole, before + 1, whole.length);
	return slice_part(whole, 0, before);
}

struct slice slice_file_name(struct slice path)
{
	for (size_t i = path.length; i > 0; i--) {
		if (path.at[i - 1] == '/')
			return slice_part(path, i, path.length);
	}
	return path;
}

bool slice_matches(struct slice text, struct slice pattern)
{
	size_t t = 0, p = 0, star = SIZE_MAX, resume = 0;

	/* Only the last star can need another try, so the match never backs up further than
	 * that. */
	while (t < text.length) {
		if (p < pattern.length && pattern.at[p] == '*') {
			star = p++;
			resume = t;
		} else if (p < pattern.length && pattern.at[p] == text.at[t]) {
			p++;
			t++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			t = ++resume;
		} else {
			return false;
		}
	}
	while (p < pattern.length && pattern.at[p] == '*')
		p++;
	return p == pattern.length;
}

int slice_to_u64(struct slice text, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (text.length == 0)
		return -EINVAL;
	for (size_t i = 0; i < text.length; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return -EINVAL;
		uint64_t digit = (uint64_t)(text.at[i] - '0');
		if (number > (UINT64_MAX - digit) / 10)
			return -ERANGE;
		number = number * 10 + digit;
	}
	*ret_number = number;
	return 0;
}

struct utf8_form {
	unsigned char lead_min, lead_max, second_min, second_max, length;
};

/* RFC 3629, section 4: the only well-formed lead bytes and what may follow them. */
static const struct utf8_form UTF8_FORMS[] = {
	{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
	{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

/* The length of the well-formed multi-byte character at `at`, or 0. */
static size_t utf8_character(const unsigned char *at, size_t length)
{
	for (size_t i = 0; i < sizeof(UTF8_FORMS) / sizeof(UTF8_FORMS[0]); i++) {
		const struct utf8_form *form = &UTF8_FORMS[i];

		if (at[0] < form->lead_min || at[0] > form->lead_max)
			continue;
		if (length < form->length || at[1] < form->second_min || at[1] > form->second_max)
			return 0;
		for (size_t k = 2; k < form->length; k++) {
			if ((at[k] & 0xc0) != 0x80)
				return 0;
		}
		return form->length;
	}
	return 0;
}

bool slice_is_utf8(struct slice text)
{
	const unsigned char *at = (const unsigned char *)text.at;

	for (size_t i = 0; i < text.length;) {
		size_t length = at[i] < 0x80 ? 1 : utf8_character(at + i, text.length - i);

		if (length == 0)
			return false;
		i += length;
	}
	return true;
}
