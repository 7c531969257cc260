/* SPDX-License-Identifier: MIT */
/* The search: in windows, so that going on behind each finding stays linear. */
#include "policy/core/detect.h"

#include <string.h>

#include "policy/core/detect_family.h"

/* A search that starts behind the last finding looks at most so far beyond the next one. */
#define WINDOW 1024

#define SET(detector) ((detector_set)1 << (detector))

/* clang-format off */
#define D (BYTE_DIGIT | BYTE_LOCAL | BYTE_DOMAIN)
#define L (BYTE_LETTER | BYTE_LOCAL | BYTE_DOMAIN)
#define H (BYTE_HIGH | BYTE_LOCAL | BYTE_DOMAIN)
#define H16 H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H
/* Of RFC 5321's atext, `/ = ? & { | }` and the backtick separate addresses from what is around them
 * (links, JSON, key=value) far more often than they are part of one. */
const unsigned char BYTE_CLASSES[256] = {
	['0'] = D, D, D, D, D, D, D, D, D, D,
	['A'] = L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L,
	['a'] = L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L,
	['-'] = BYTE_LOCAL | BYTE_DOMAIN,
	['.'] = BYTE_LOCAL, ['_'] = BYTE_LOCAL, ['+'] = BYTE_LOCAL, ['%'] = BYTE_LOCAL,
	['!'] = BYTE_LOCAL, ['#'] = BYTE_LOCAL, ['$'] = BYTE_LOCAL, ['\''] = BYTE_LOCAL,
	['*'] = BYTE_LOCAL, ['^'] = BYTE_LOCAL, ['~'] = BYTE_LOCAL,
	[0x80] = H16, H16, H16, H16, H16, H16, H16, H16,
};
#undef D
#undef L
#undef H
#undef H16
/* clang-format on */

detector_set detectors_available(void)
{
	return SET(DETECT_EMAIL) | SET(DETECT_CARD) | SET(DETECT_IBAN);
}

/* Whether the character at `at` is what JSON and its like write behind a backslash (RFC 8259,
 * section 7). */
static bool is_escape(struct slice text, size_t at)
{
	return at > 0 && text.at[at - 1] == '\\' && memchr("bfnrtu", text.at[at], 6);
}

bool token_begins(struct slice text, size_t at)
{
	if (at == 0 || is_escape(text, at - 1))
		return true;
	return !byte_is(text, at - 1, BYTE_DIGIT | BYTE_LETTER) && !is_escape(text, at);
}

/* The first digit in [at, end); `end` when there is none.  Eight bytes at a time are passed over
 * when none has the upper half of a digit, 3: with it taken out by xor such a byte is small, and
 * borrows when 16 is subtracted. */
static size_t next_digit(struct slice text, size_t at, size_t end)
{
	const uint64_t each = 0x0101010101010101u;

	while (at < end) {
		uint64_t bytes;

		if (end - at >= sizeof(bytes)) {
			memcpy(&bytes, text.at + at, sizeof(bytes));
			bytes = (bytes & 0xf0 * each) ^ 0x30 * each;
			if (((bytes - each) & ~bytes & 0x80 * each) == 0) {
				at += sizeof(bytes);
				continue;
			}
		}
		size_t stop = end - at > sizeof(bytes) ? at + sizeof(bytes) : end;
		for (; at < stop; at++) {
			if (byte_is(text, at, BYTE_DIGIT))
				return at;
		}
	}
	return end;
}

/* Both kinds of codes have a run of digits: cards begin with it, IBANs two letters before it. */
static bool code_at_run(struct slice text, size_t begin, size_t run, detector_set wanted,
			struct finding *ret_finding)
{
	bool may_be_iban = (wanted & SET(DETECT_IBAN)) && run >= begin + 2;
	size_t length = may_be_iban && token_begins(text, run - 2) ? iban_at(text, run - 2) : 0;

	if (length > 0) {
		*ret_finding = (struct finding){ run - 2, length, DETECT_IBAN };
		return true;
	}
	if ((wanted & SET(DETECT_CARD)) && token_begins(text, run))
		length = card_at(text, run);
	*ret_finding = (struct finding){ run, length, DETECT_CARD };
	return length > 0;
}

/* Finds the first card or IBAN that begins in [begin, end). */
static bool code_find(struct slice text, size_t begin, size_t end, detector_set wanted,
		      struct finding *ret_finding)
{
	size_t stop = text.length - end > 2 ? end + 2 : text.length;

	for (size_t run = next_digit(text, begin, stop); run < stop;
	     run = next_digit(text, run, stop)) {
		if (code_at_run(text, begin, run, wanted, ret_finding))
			return ret_finding->offset < end;
		while (run < stop && byte_is(text, run, BYTE_DIGIT))
			run++;
	}
	return false;
}

/* Addresses are looked for first, by memchr, so that codes need not be looked for behind the first
 * one. */
static bool window_find(struct slice text, size_t begin, size_t end, detector_set wanted,
			struct finding *ret_finding)
{
	bool has_email = (wanted & SET(DETECT_EMAIL)) && email_find(text, begin, end, ret_finding);
	struct finding code;

	if (!(wanted & (SET(DETECT_CARD) | SET(DETECT_IBAN))))
		return has_email;
	if (has_email)
		end = ret_finding->offset + 1;
	if (!code_find(text, begin, end, wanted, &code))
		return has_email;
	if (!has_email || code.offset < ret_finding->offset || code.length > ret_finding->length)
		*ret_finding = code;
	return true;
}

int detect_next(struct slice text, size_t from, detector_set wanted, struct finding *ret_finding)
{
	for (size_t begin = from; begin < text.length;) {
		size_t end = text.length - begin > WINDOW ? begin + WINDOW : text.length;

		if (window_find(text, begin, end, wanted, ret_finding))
			return 1;
		begin = end;
	}
	return 0;
}
