/* SPDX-License-Identifier: MIT */
/* Detectors find what has the right shape and checksum, nothing else, in linear time. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "policy/core/detect.h"
#include "tests/unit/run_suite.h"

#define SET(detector) (1u << (detector))

static const char *const NAMES[] = {
#define NAME_ROW(detector, text) [detector] = text,
	DETECTORS(NAME_ROW)
#undef NAME_ROW
};

/* Appends "[name:value]" for each finding, so that a test reads as one line. */
static void list(struct slice text, struct buf *out)
{
	struct finding finding;

	for (size_t from = 0; detect_next(text, from, detectors_available(), &finding);
	     from = finding.offset + finding.length) {
		ck_assert(finding.offset >= from && finding.length > 0);
		ck_assert(finding.offset + finding.length <= text.length);
		buf_printf(out, "[%s:", NAMES[finding.detector]);
		buf_add_slice(out, slice_part(text, finding.offset, finding.length));
		buf_add_char(out, ']');
	}
}

static const struct {
	const char *text, *found;
} CASES[] = {
	{ "", "" },
	{ "ann@example.com", "[email:ann@example.com]" },
	{ "Mail <ann.b+tag@mail.example.co.uk>.", "[email:ann.b+tag@mail.example.co.uk]" },
	{ "ann@example.com, bob@example.org;", "[email:ann@example.com][email:bob@example.org]" },
	{ "ann@example.com.", "[email:ann@example.com]" },
	{ "'o'brien@example.com'", "[email:o'brien@example.com]" },
	{ "?email=ann@example.com&x=1", "[email:ann@example.com]" },
	{ "{\"to\":\"ann@example.com\"}", "[email:ann@example.com]" },
	{ "x\\nann@example.com\\n", "[email:ann@example.com]" },
	{ "x\\u00e4ann@example.com", "[email:ann@example.com]" },
	{ "ann@b\xc3\xbc"
	  "cher.example",
	  "[email:ann@b\xc3\xbc"
	  "cher.example]" },
	{ "j\xc3\xbcrgen@example.de", "[email:j\xc3\xbcrgen@example.de]" },
	{ "ann@example.xn--p1ai", "[email:ann@example.xn--p1ai]" },
	{ "ann@localhost", "" },
	{ "ann@example.c", "" },
	{ "ann@10.0.0.1", "" },
	{ "ann@example.com_old", "" },
	{ "ann@example.c0m", "" },
	{ "ann@-example.com", "" },
	{ "ann@.com", "" },
	{ "@example.com", "" },
	{ "-@example.com", "" },
	{ "a @ b.com", "" },
	{ "SELECT @var, a->>'b' @> c.de", "" },
	{ "4111111111111111", "[card:4111111111111111]" },
	{ "card 4111 1111 1111 1111 exp 12/29", "[card:4111 1111 1111 1111]" },
	{ "4111-1111-1111-1111", "[card:4111-1111-1111-1111]" },
	{ "3782 822463 10005", "[card:3782 822463 10005]" },
	{ "2 4111 1111 1111 1111 3", "[card:4111 1111 1111 1111]" },
	{ "12 4111111111111111 2024", "[card:4111111111111111]" },
	{ "4111111111111111,5555555555554444", "[card:4111111111111111][card:5555555555554444]" },
	{ "x\\n4111111111111111", "[card:4111111111111111]" },
	{ "4111111111111111@example.com", "[email:4111111111111111@example.com]" },
	{ "4111111111111112", "" },
	{ "411111111111111", "" },
	{ "4111-1111 1111-1111", "" },
	{ "4111  1111 1111 1111", "" },
	{ "4111111111111111.25", "" },
	{ "0.4111111111111111", "" },
	{ "a4111111111111111", "" },
	{ "4111111111111111b", "" },
	{ "4111-1111-1111-1111-2", "" },
	{ "9-4111-1111-1111-1111", "" },
	{ "41111111111111111111", "" },
	{ "1234567812345670", "" },
	{ "DE89370400440532013000", "[iban:DE89370400440532013000]" },
	{ "DE89 3704 0044 0532 0130 00 thanks", "[iban:DE89 3704 0044 0532 0130 00]" },
	{ "gb82west12345698765432", "[iban:gb82west12345698765432]" },
	{ "NO9386011117947", "[iban:NO9386011117947]" },
	{ "to:\\nNL91ABNA0417164300", "[iban:NL91ABNA0417164300]" },
	{ "DE88370400440532013000", "" },
	{ "DE8937040044053201300", "" },
	{ "DE893704004405320130001", "" },
	{ "xDE89370400440532013000", "" },
	{ "DE89 3704 00440532 0130 00", "" },
	{ "DE89-3704-0044-0532-0130-00", "" },
	{ "ZZ89370400440532013000", "" },
	{ "\\be68539007547034", "" },
	/* Hard negatives. */
	{ "order 100048213377, 20261118-0004821", "" },
	{ "1700000000000 1732200000123 1763456789012", "" },
	{ "550e8400-e29b-41d4-a716-446655440000", "" },
	{ "11111111-1111-4111-8111-111111111111", "" },
	{ "abcdefab-abcd-4111-1111-111111111111", "" },
	{ "da39a3ee5e6b4b0d3255bfef95601890afd80709", "" },
	{ "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "" },
	{ "4111111111111111111111111111111111111111", "" },
	{ "v1.24.3-rc.1 15.4.0-2 10.11.19", "" },
	{ "3.14159265358979323846 -0.5555555555554444", "" },
	{ "48.137154,11.576124 52.520008,13.404954", "" },
	{ "2026-11-18T14:00:00.123456789Z", "" },
	{ "+49 89 1234 5678", "" },
};

START_TEST(finds_these_and_nothing_else)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(4096);

	list(slice_of(CASES[_i].text), &out);
	ck_assert_str_eq(buf_text(&out), CASES[_i].found);
}
END_TEST

START_TEST(only_what_is_wanted_is_found)
{
	struct slice text = SLICE("4111111111111111 DE89370400440532013000 a@b.de");
	static const size_t OFFSETS[DETECTOR_COUNT] = {
		[DETECT_CARD] = 0, [DETECT_IBAN] = 17, [DETECT_EMAIL] = 40
	};
	struct finding finding;

	for (unsigned detector = 0; detector < DETECTOR_COUNT; detector++) {
		bool is_there = detectors_available() & SET(detector);

		ck_assert_int_eq(detect_next(text, 0, SET(detector), &finding), is_there);
		if (is_there)
			ck_assert_uint_eq(finding.offset, OFFSETS[detector]);
	}
	ck_assert_uint_eq(detectors_available(),
			  SET(DETECT_EMAIL) | SET(DETECT_CARD) | SET(DETECT_IBAN));
	ck_assert_int_eq(detect_next(text, 0, 0, &finding), 0);
	ck_assert_int_eq(detect_next(text, text.length, ~0u, &finding), 0);
	ck_assert_int_eq(detect_next(text, 1000, ~0u, &finding), 0);
}
END_TEST

/* ---- generated numbers ---- */

static unsigned next_random(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 16;
}

/* Prefixes with lengths that are issued, written down apart from the detector's own table. */
static const struct {
	const char *prefix;
	size_t length;
} ISSUED[] = {
	{ "4", 13 },    { "4", 16 },    { "4", 19 },    { "51", 16 },   { "52", 16 },
	{ "53", 16 },   { "54", 16 },   { "55", 16 },   { "2221", 16 }, { "2300", 16 },
	{ "26", 16 },   { "2720", 16 }, { "34", 15 },   { "37", 15 },   { "300", 14 },
	{ "305", 14 },  { "3095", 14 }, { "36", 14 },   { "38", 14 },   { "39", 16 },
	{ "6011", 16 }, { "644", 16 },  { "649", 16 },  { "65", 16 },   { "65", 19 },
	{ "3528", 16 }, { "3589", 16 }, { "62", 16 },   { "62", 17 },   { "62", 18 },
	{ "62", 19 },   { "5018", 13 }, { "5020", 16 }, { "5038", 14 }, { "5893", 15 },
	{ "6304", 19 }, { "6759", 16 }, { "6763", 18 }, { "2200", 16 }, { "2204", 19 },
	{ "81", 16 },   { "9792", 16 }, { "8600", 16 }, { "9860", 16 },
};

static char luhn_digit(const char *digits, size_t length)
{
	unsigned sum = 0;

	for (size_t i = 0; i < length; i++) {
		unsigned value = (unsigned)(digits[length - 1 - i] - '0');

		if (i % 2 == 0)
			value = value < 5 ? 2 * value : 2 * value - 9;
		sum += value;
	}
	return (char)('0' + (10 - sum % 10) % 10);
}

static void make_card(int row, unsigned *seed, char card[20])
{
	size_t length = ISSUED[row].length;
	size_t at = strlen(ISSUED[row].prefix);

	memcpy(card, ISSUED[row].prefix, at);
	for (; at < length - 1; at++)
		card[at] = (char)('0' + next_random(seed) % 10);
	card[at] = luhn_digit(card, at);
	card[length] = '\0';
}

static bool is_found_whole(const char *text, enum detector detector)
{
	struct finding finding;

	return detect_next(slice_of(text), 0, detectors_available(), &finding) &&
	       finding.offset == 0 && finding.length == strlen(text) &&
	       finding.detector == detector;
}

static bool is_anything_found(const char *text)
{
	struct finding finding;

	return detect_next(slice_of(text), 0, detectors_available(), &finding);
}

START_TEST(valid_cards_are_found_and_near_misses_are_not)
{
	unsigned seed = 7;
	char card[20], grouped[25];

	for (int i = 0; i < 200; i++) {
		make_card(_i, &seed, card);
		ck_assert_msg(is_found_whole(card, DETECT_CARD), "%s", card);
		size_t length = 0;
		for (size_t at = 0; card[at]; at++) {
			if (at > 0 && at % 4 == 0)
				grouped[length++] = i % 2 ? ' ' : '-';
			grouped[length++] = card[at];
		}
		grouped[length] = '\0';
		ck_assert_msg(is_found_whole(grouped, DETECT_CARD), "%s", grouped);
		size_t last = strlen(card) - 1;
		card[last] = (char)('0' + (card[last] - '0' + 1 + i % 9) % 10);
		ck_assert_msg(!is_anything_found(card), "%s", card);
		/* A neighbouring pair swapped is noticed, but for 0 and 9. */
		card[last] = luhn_digit(card, last);
		char *pair = card + last - 2;
		if (pair[0] == pair[1] || abs(pair[0] - pair[1]) == 9)
			continue;
		char swapped = pair[0];
		pair[0] = pair[1];
		pair[1] = swapped;
		ck_assert_msg(!is_anything_found(card), "%s", card);
	}
}
END_TEST

/* The registry again, as text: a country and its length. */
static const char *const REGISTRY[] = {
	"AD24", "AE23", "AL28", "AT20", "AZ28", "BA20", "BE16", "BG22", "BH22", "BR29", "BY28",
	"CH21", "CR22", "CY28", "CZ24", "DE22", "DJ27", "DK18", "DO28", "EE20", "EG29", "ES24",
	"FI18", "FK18", "FO18", "FR27", "GB22", "GE22", "GI23", "GL18", "GR27", "GT28", "HR21",
	"HU28", "IE22", "IL23", "IQ23", "IS26", "IT27", "JO30", "KW30", "KZ20", "LB28", "LC32",
	"LI21", "LT20", "LU20", "LV21", "LY25", "MC27", "MD24", "ME22", "MK19", "MN20", "MR27",
	"MT31", "MU30", "NI28", "NL18", "NO15", "PK24", "PL28", "PS29", "PT25", "QA29", "RO24",
	"RS22", "RU33", "SA24", "SC31", "SD18", "SE24", "SI19", "SK24", "SM27", "SO23", "ST25",
	"SV28", "TL23", "TN24", "TR26", "UA29", "VA22", "VG24", "XK20",
};

static unsigned remainder_of(const char *iban, size_t length)
{
	unsigned remainder = 0;

	for (size_t i = 0; i < length; i++) {
		char c = iban[(i + 4) % length];
		unsigned value = c >= 'A' ? (unsigned)(c - 'A') + 10 : (unsigned)(c - '0');

		remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
	}
	return remainder;
}

static void make_iban(int row, unsigned *seed, char iban[40])
{
	static const char SIGNS[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t length = (size_t)atoi(REGISTRY[row] + 2);

	memcpy(iban, REGISTRY[row], 2);
	memcpy(iban + 2, "00", 2);
	for (size_t at = 4; at < length; at++)
		iban[at] = SIGNS[next_random(seed) % (at < 8 ? 36 : 10)];
	iban[length] = '\0';
	unsigned check = 98 - remainder_of(iban, length);
	iban[2] = (char)('0' + check / 10);
	iban[3] = (char)('0' + check % 10);
}

START_TEST(valid_ibans_are_found_and_near_misses_are_not)
{
	unsigned seed = 11;
	char iban[40], spaced[50];

	for (int i = 0; i < 100; i++) {
		make_iban(_i, &seed, iban);
		ck_assert_msg(is_found_whole(iban, DETECT_IBAN), "%s", iban);
		size_t length = 0;
		for (size_t at = 0; iban[at]; at++) {
			if (at > 0 && at % 4 == 0)
				spaced[length++] = ' ';
			spaced[length++] =
				i % 2 ? (char)(iban[at] | (iban[at] >= 'A' ? 32 : 0)) : iban[at];
		}
		spaced[length] = '\0';
		ck_assert_msg(is_found_whole(spaced, DETECT_IBAN), "%s", spaced);
		size_t last = strlen(iban) - 1;
		iban[last] = (char)('0' + (iban[last] - '0' + 1 + i % 9) % 10);
		ck_assert_msg(!is_anything_found(iban), "%s", iban);
	}
}
END_TEST

START_TEST(random_numbers_are_rarely_taken_for_cards)
{
	unsigned seed = 3, found = 0;
	char text[32];

	for (int i = 0; i < 100000; i++) {
		unsigned long long number = 1 + next_random(&seed) % 9;

		for (int k = 1; k < 13 + i % 7; k++)
			number = number * 10 + next_random(&seed) % 10;
		snprintf(text, sizeof(text), "%llu", number);
		found += is_anything_found(text);
	}
	/* Of numbers with as many digits as cards have, about one in thirty looks like one. */
	ck_assert_uint_lt(found, 4500);
}
END_TEST

START_TEST(nothing_is_found_twice_or_lost_across_a_long_text)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(1 * MIB);
	struct finding finding;
	unsigned seed = 5, wanted = 0, found = 0;
	size_t from = 0;

	while (text.length < 300000) {
		for (unsigned i = next_random(&seed) % 3000; i > 0; i--)
			buf_add_char(&text, "abc def "[next_random(&seed) % 8]);
		static const char *const VALUES[] = { " ann@example.com ", " 4111111111111111 ",
						      " NO9386011117947 " };
		buf_add_text(&text, VALUES[wanted++ % 3]);
	}
	for (; detect_next(buf_view(&text), from, detectors_available(), &finding); found++) {
		static const enum detector ORDER[] = { DETECT_EMAIL, DETECT_CARD, DETECT_IBAN };

		ck_assert_int_eq(finding.detector, ORDER[found % 3]);
		from = finding.offset + finding.length;
	}
	ck_assert_uint_eq(found, wanted);
}
END_TEST

/* What a quadratic search chokes on, each repeated to a megabyte. */
static const char *const UNITS[] = {
	"@",
	"4",
	"a.",
	"a.a@",
	"a@a.",
	"a@b.c.",
	"1 ",
	"4444 ",
	"4444-",
	"-",
	"DE89 ",
	"DE",
	"\\n",
	"\xc3\xa4",
	"\x80",
	"a@a.de ",
	"4111111111111111 ",
	"4111111111111111+",
	"4111111111111111@",
	"4111111111111111 @a",
	"@4111111111111111 ",
	"a-@a-.",
	".@",
	"NO9386011117947 ",
	"NO9386011117947@",
	"xn--.",
	"'@'",
};

START_TEST(worst_texts_take_linear_time)
{
	size_t length = 1 * MIB, unit = strlen(UNITS[_i]), from = 0;
	SCOPED(free_p) char *text = malloc(length);
	struct timespec begin, end;
	struct finding finding;

	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i < length; i++)
		text[i] = UNITS[_i][i % unit];
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	while (detect_next((struct slice){ text, length }, from, detectors_available(), &finding))
		from = finding.offset + finding.length;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	/* Linear is under 0.2 s here, also 20 times slower under a sanitizer; quadratic is
	 * minutes. */
	ck_assert_int_lt(end.tv_sec - begin.tv_sec, 5);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, finds_these_and_nothing_else, 0, COUNT_OF(CASES));
	tcase_add_test(tcase, only_what_is_wanted_is_found);
	tcase_add_loop_test(tcase, valid_cards_are_found_and_near_misses_are_not, 0,
			    COUNT_OF(ISSUED));
	tcase_add_loop_test(tcase, valid_ibans_are_found_and_near_misses_are_not, 0,
			    COUNT_OF(REGISTRY));
	tcase_add_test(tcase, random_numbers_are_rarely_taken_for_cards);
	tcase_add_test(tcase, nothing_is_found_twice_or_lost_across_a_long_text);
	tcase_add_loop_test(tcase, worst_texts_take_linear_time, 0, COUNT_OF(UNITS));
}

int main(void)
{
	return run_suite("detect", NULL, NULL, add_tests);
}
