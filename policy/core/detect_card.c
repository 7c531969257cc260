/* SPDX-License-Identifier: MIT */
/* Payment cards: an issuer's prefix, a length that it uses, the Luhn digit (ISO/IEC 7812-1). */
#include "policy/core/detect_family.h"

#define CARD_MIN   13
#define CARD_MAX   19
#define GROUPS_MAX 8
#define GROUP_MAX  6 /* digits */

#define LENGTH(n)        (1u << (n))
#define LENGTHS_16_TO_19 (LENGTH(16) | LENGTH(17) | LENGTH(18) | LENGTH(19))
#define LENGTHS_13_TO_19 (LENGTH(13) | LENGTH(14) | LENGTH(15) | LENGTHS_16_TO_19)

/* Issuer ranges by the first four digits, from the issuers' published tables. */
static const struct issuer {
	unsigned short first, last;
	unsigned lengths;
} ISSUERS[] = {
	{ 2200, 2205, LENGTHS_16_TO_19 },              /* Mir, Borica */
	{ 2221, 2720, LENGTH(16) },                    /* Mastercard */
	{ 3000, 3059, LENGTH(14) | LENGTHS_16_TO_19 }, /* Diners Club */
	{ 3095, 3095, LENGTH(14) | LENGTHS_16_TO_19 },
	{ 3400, 3499, LENGTH(15) },                           /* American Express */
	{ 3528, 3589, LENGTHS_16_TO_19 },                     /* JCB */
	{ 3600, 3699, LENGTH(14) | LENGTHS_16_TO_19 },        /* Diners Club */
	{ 3700, 3799, LENGTH(15) },                           /* American Express */
	{ 3800, 3999, LENGTH(14) | LENGTHS_16_TO_19 },        /* Diners Club */
	{ 4000, 4999, LENGTH(13) | LENGTH(16) | LENGTH(19) }, /* Visa */
	{ 5018, 5020, LENGTHS_13_TO_19 },                     /* Maestro, Dankort */
	{ 5038, 5038, LENGTHS_13_TO_19 },                     /* Maestro */
	{ 5060, 5099, LENGTH(16) | LENGTH(18) | LENGTH(19) }, /* Verve, Elo, RuPay */
	{ 5100, 5599, LENGTH(16) },                           /* Mastercard */
	{ 5600, 5899, LENGTHS_13_TO_19 },                     /* Maestro */
	{ 6000, 6099, LENGTHS_16_TO_19 },                     /* Discover, RuPay, Hipercard */
	{ 6200, 6299, LENGTHS_16_TO_19 },                     /* UnionPay */
	{ 6304, 6304, LENGTHS_13_TO_19 },                     /* Maestro */
	{ 6360, 6399, LENGTHS_16_TO_19 },                     /* InterPayment, InstaPayment */
	{ 6440, 6599, LENGTHS_16_TO_19 },                     /* Discover, Troy, RuPay */
	{ 6759, 6763, LENGTHS_13_TO_19 },                     /* Maestro */
	{ 8100, 8299, LENGTHS_16_TO_19 },                     /* UnionPay, RuPay */
	{ 8600, 8600, LENGTH(16) },                           /* Uzcard */
	{ 9792, 9792, LENGTH(16) },                           /* Troy */
	{ 9860, 9860, LENGTH(16) },                           /* Humo */
};

struct digits {
	char at[CARD_MAX];
	size_t count;
};

static bool is_issued(const struct digits *digits)
{
	unsigned prefix = 0;

	for (unsigned i = 0; i < 4; i++)
		prefix = prefix * 10 + digit_value(digits->at[i]);
	for (size_t i = 0; i < sizeof(ISSUERS) / sizeof(ISSUERS[0]); i++) {
		if (prefix >= ISSUERS[i].first && prefix <= ISSUERS[i].last &&
		    (ISSUERS[i].lengths & LENGTH(digits->count)))
			return true;
	}
	return false;
}

static bool passes_luhn(const struct digits *digits)
{
	unsigned sum = 0;

	for (size_t i = 0; i < digits->count; i++) {
		unsigned value = digit_value(digits->at[digits->count - 1 - i]);

		if (i % 2 == 1)
			value = value * 2 - (value > 4 ? 9 : 0);
		sum += value;
	}
	return sum % 10 == 0;
}

/* Adds the digits that stand at `at`; how many.  More than a card can have is 0. */
static size_t take_group(struct slice text, size_t at, struct digits *digits)
{
	size_t length = 0;

	for (; byte_is(text, at + length, BYTE_DIGIT); length++) {
		if (digits->count == CARD_MAX)
			return 0;
		digits->at[digits->count++] = text.at[at + length];
	}
	return length;
}

/* Decimal fractions and dashed numbers go on behind the digits. */
static bool goes_on(struct slice text, size_t end)
{
	bool is_joint = end < text.length && (text.at[end] == '.' || text.at[end] == '-');

	return byte_is(text, end, BYTE_DIGIT | BYTE_LETTER) ||
	       (is_joint && byte_is(text, end + 1, BYTE_DIGIT));
}

static bool comes_after_more(struct slice text, size_t at)
{
	bool is_joint = at > 0 && (text.at[at - 1] == '.' || text.at[at - 1] == '-');

	return is_joint && at > 1 && byte_is(text, at - 2, BYTE_DIGIT);
}

static bool is_card(struct slice text, size_t end, const struct digits *digits)
{
	return digits->count >= CARD_MIN && !goes_on(text, end) && is_issued(digits) &&
	       passes_luhn(digits);
}

/* Cards are printed in groups of four to six with one separator throughout; a group before the last
 * may have three, the last may be short.  Longer groups would let parts of a UUID in. */
static bool is_group(size_t length, size_t number)
{
	return length >= (number == 0 ? 4 : 3) && length <= GROUP_MAX;
}

/* Where the group behind the separator at `at` ends; 0 when none follows, or a long one. */
static size_t next_group_end(struct slice text, size_t at, char separator, struct digits *digits)
{
	if (at >= text.length || text.at[at] != separator)
		return 0;
	size_t length = take_group(text, at + 1, digits);
	return length == 0 || length > GROUP_MAX ? 0 : at + 1 + length;
}

/* The end of the longest card whose first group is [begin, end); `begin` when there is none. */
static size_t grouped_end(struct slice text, size_t begin, size_t end, struct digits *digits)
{
	size_t longest = begin, group = begin;
	char separator = end < text.length ? text.at[end] : '\0';

	if (separator != ' ' && separator != '-')
		return begin;
	for (size_t number = 0; number < GROUPS_MAX && is_group(end - group, number); number++) {
		size_t next = next_group_end(text, end, separator, digits);

		if (next == 0)
			break;
		group = end + 1;
		end = next;
		if (is_card(text, end, digits))
			longest = end;
	}
	return longest;
}

size_t card_at(struct slice text, size_t at)
{
	struct digits digits = { .count = 0 };
	size_t end = at + take_group(text, at, &digits);

	if (end == at || comes_after_more(text, at))
		return 0;
	if (!is_card(text, end, &digits))
		end = grouped_end(text, at, end, &digits);
	return end - at;
}
