/* SPDX-License-Identifier: MIT */
/* International bank account numbers (ISO 13616): a country, its length, and mod 97 (ISO/IEC 7064).
 * */
#include "policy/core/detect_family.h"

#define IBAN_MAX 34
#define GROUP    4

struct country {
	char code[3];
	unsigned char length;
};

/* Lengths of the SWIFT IBAN registry, sorted by code. */
static const struct country COUNTRIES[] = {
	{ "AD", 24 }, { "AE", 23 }, { "AL", 28 }, { "AT", 20 }, { "AZ", 28 }, { "BA", 20 },
	{ "BE", 16 }, { "BG", 22 }, { "BH", 22 }, { "BI", 27 }, { "BR", 29 }, { "BY", 28 },
	{ "CH", 21 }, { "CR", 22 }, { "CY", 28 }, { "CZ", 24 }, { "DE", 22 }, { "DJ", 27 },
	{ "DK", 18 }, { "DO", 28 }, { "EE", 20 }, { "EG", 29 }, { "ES", 24 }, { "FI", 18 },
	{ "FK", 18 }, { "FO", 18 }, { "FR", 27 }, { "GB", 22 }, { "GE", 22 }, { "GI", 23 },
	{ "GL", 18 }, { "GR", 27 }, { "GT", 28 }, { "HN", 28 }, { "HR", 21 }, { "HU", 28 },
	{ "IE", 22 }, { "IL", 23 }, { "IQ", 23 }, { "IS", 26 }, { "IT", 27 }, { "JO", 30 },
	{ "KW", 30 }, { "KZ", 20 }, { "LB", 28 }, { "LC", 32 }, { "LI", 21 }, { "LT", 20 },
	{ "LU", 20 }, { "LV", 21 }, { "LY", 25 }, { "MC", 27 }, { "MD", 24 }, { "ME", 22 },
	{ "MK", 19 }, { "MN", 20 }, { "MR", 27 }, { "MT", 31 }, { "MU", 30 }, { "NI", 28 },
	{ "NL", 18 }, { "NO", 15 }, { "OM", 23 }, { "PK", 24 }, { "PL", 28 }, { "PS", 29 },
	{ "PT", 25 }, { "QA", 29 }, { "RO", 24 }, { "RS", 22 }, { "RU", 33 }, { "SA", 24 },
	{ "SC", 31 }, { "SD", 18 }, { "SE", 24 }, { "SI", 19 }, { "SK", 24 }, { "SM", 27 },
	{ "SO", 23 }, { "ST", 25 }, { "SV", 28 }, { "TL", 23 }, { "TN", 24 }, { "TR", 26 },
	{ "UA", 29 }, { "VA", 22 }, { "VG", 24 }, { "XK", 20 }, { "YE", 30 },
};

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* How many letters and digits an IBAN of the country named at `at` has; 0 for no country. */
static size_t country_length(struct slice text, size_t at)
{
	char first = upper(text.at[at]), second = upper(text.at[at + 1]);

	for (size_t i = 0; i < sizeof(COUNTRIES) / sizeof(COUNTRIES[0]); i++) {
		if (COUNTRIES[i].code[0] == first && COUNTRIES[i].code[1] == second)
			return COUNTRIES[i].length;
	}
	return 0;
}

/* Copies `count` letters and digits, with a blank before every fourth when `is_spaced`.  How many
 * bytes they take; 0 when something else is in between. */
static size_t collect(struct slice text, bool is_spaced, size_t count, char *ret_code)
{
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		if (is_spaced && i > 0 && i % GROUP == 0) {
			if (at >= text.length || text.at[at] != ' ')
				return 0;
			at++;
		}
		if (!byte_is(text, at, BYTE_LETTER | BYTE_DIGIT))
			return 0;
		ret_code[i] = upper(text.at[at++]);
	}
	return byte_is(text, at, BYTE_LETTER | BYTE_DIGIT) ? 0 : at;
}

/* The remainder of the number that the code spells when its first four characters are moved to its
 * end. */
static unsigned remainder_97(const char *code, size_t count)
{
	unsigned remainder = 0;

	for (size_t i = 0; i < count; i++) {
		char c = code[(i + GROUP) % count];

		if (c >= 'A')
			remainder = (remainder * 100 + (unsigned)(c - 'A') + 10) % 97;
		else
			remainder = (remainder * 10 + digit_value(c)) % 97;
	}
	return remainder;
}

size_t iban_at(struct slice text, size_t at)
{
	char code[IBAN_MAX];

	if (!byte_is(text, at, BYTE_LETTER) || !byte_is(text, at + 1, BYTE_LETTER) ||
	    !byte_is(text, at + 2, BYTE_DIGIT) || !byte_is(text, at + 3, BYTE_DIGIT))
		return 0;
	size_t count = country_length(text, at);
	if (count == 0)
		return 0;
	bool is_spaced = at + GROUP < text.length && text.at[at + GROUP] == ' ';
	size_t length = collect(slice_part(text, at, text.length), is_spaced, count, code);
	unsigned check = digit_value(text.at[at + 2]) * 10 + digit_value(text.at[at + 3]);
	/* 98 - (number mod 97) gives 02 to 98; 00, 01 and 99 have the right remainder but are never
	 * issued. */
	if (length == 0 || check < 2 || check > 98 || remainder_97(code, count) != 1)
		return 0;
	return length;
}
