/* SPDX-License-Identifier: MIT */
/* Addresses of electronic mail: the dot-string form of RFC 5321, section 4.1.2, with the characters
 * above ASCII of RFC 6531. */
#include "policy/core/detect_family.h"

#include <string.h>

/* RFC 5321 allows 64 octets in a local part; four times that covers as many characters of any
 * script. */
#define LOCAL_MAX 256
#define DOMAIN_MAX                                                                                 \
	255 /* RFC 5321, section 4.5.3.1.2; also keeps the work behind each sign bounded */
#define PUNYCODE "xn--"

/* What a backslash announces ("\n", "\u00e4") belongs to the text around the address. */
static size_t escape_length(struct slice text, size_t begin, size_t end)
{
	if (begin == 0 || begin >= end || text.at[begin - 1] != '\\')
		return 0;
	return text.at[begin] == 'u' ? 5 : 1;
}

static bool is_inside_character(struct slice text, size_t at)
{
	return ((unsigned char)text.at[at] & 0xc0) == 0x80;
}

static bool is_local_first(struct slice text, size_t at)
{
	return text.at[at] == '_' || byte_is(text, at, BYTE_DIGIT | BYTE_LETTER | BYTE_HIGH);
}

/* Where the local part that ends before `end` begins; `end` when there is none.  Dots may stand
 * anywhere behind its first character: addresses with two in a row are in use although RFC 5321 has
 * none. */
static size_t local_begin(struct slice text, size_t from, size_t end)
{
	size_t begin = end;

	while (begin > from && end - begin < LOCAL_MAX && byte_is(text, begin - 1, BYTE_LOCAL))
		begin--;
	begin += escape_length(text, begin, end);
	while (begin < end && is_inside_character(text, begin))
		begin++;
	while (begin < end && !is_local_first(text, begin))
		begin++;
	return begin < end ? begin : end;
}

/* The end of the label that begins at `at`; `at` when there is none.  A dash cannot be its last
 * byte. */
static size_t label_end(struct slice text, size_t at)
{
	size_t end = at;

	while (byte_is(text, end, BYTE_DOMAIN))
		end++;
	while (end > at && text.at[end - 1] == '-')
		end--;
	return at < text.length && text.at[at] == '-' ? at : end;
}

static bool is_top_level(struct slice label)
{
	size_t letters = 0;

	if (slice_equal_ignoring_case(slice_part(label, 0, 4), SLICE(PUNYCODE)))
		return label.length > 4;
	while (byte_is(label, letters, BYTE_LETTER | BYTE_HIGH))
		letters++;
	return letters >= 2 && letters == label.length;
}

/* The end of the domain that begins at `at`, behind its last top-level label; `at` when it is none.
 * */
static size_t domain_end(struct slice text, size_t at)
{
	size_t end = at, begin = at;

	for (;;) {
		size_t stop = label_end(text, begin);

		if (stop == begin)
			return end;
		bool goes_on = stop < text.length && text.at[stop] == '_';
		if (begin > at && !goes_on && is_top_level(slice_part(text, begin, stop - begin)))
			end = stop;
		if (stop >= text.length || text.at[stop] != '.')
			return end;
		begin = stop + 1;
	}
}

/* The next '@' in [at, end), `end` when there is none. */
static size_t next_sign(struct slice text, size_t at, size_t end)
{
	const char *sign = at < end ? memchr(text.at + at, '@', end - at) : NULL;

	return sign ? (size_t)(sign - text.at) : end;
}

bool email_find(struct slice text, size_t begin, size_t end, struct finding *ret_finding)
{
	/* An address that begins in the window has its sign at most so far behind it. */
	size_t reach =
		end < text.length && text.length - end > LOCAL_MAX ? end + LOCAL_MAX : text.length;

	for (size_t sign = next_sign(text, begin, reach); sign < reach;
	     sign = next_sign(text, sign + 1, reach)) {
		size_t local = local_begin(text, begin, sign);

		if (local >= end)
			return false;
		struct slice bounded = slice_part(text, 0, sign + 1 + DOMAIN_MAX);
		size_t stop = local < sign ? domain_end(bounded, sign + 1) : sign + 1;
		if (stop == sign + 1)
			continue;
		*ret_finding = (struct finding){ local, stop - local, DETECT_EMAIL };
		return true;
	}
	return false;
}
