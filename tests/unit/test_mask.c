/* SPDX-License-Identifier: MIT */
/* Masked cells are valid values that show no more than they may. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "policy/core/character.h"
#include "policy/core/mask.h"
#include "tests/unit/run_suite.h"

enum {
	BYTEA = 17,
	CHAR = 18,
	NAME = 19,
	INT8 = 20,
	INT2 = 21,
	INT4 = 23,
	TEXT = 25,
	OID = 26,
	JSON = 114,
	XML = 142,
	TEXT_ARRAY = 1009,
	VARCHAR = 1043,
	TIMESTAMP = 1114,
	BOOL = 16,
	NUMERIC = 1700,
	UUID = 2950,
	JSONB = 3802,
	ENUM = 16400,
	INET = 869,
};

static const unsigned char KEY_BYTES[MASK_KEY_SIZE] = "a key of thirty-two bytes";
static struct sha256_hmac_key key_of_tests;

#define BYTES(literal)                                                                             \
	{                                                                                          \
		literal, sizeof(literal) - 1                                                       \
	}
#define VARCHAR_OF(length) ((length) + 4)

static const struct {
	struct mask mask;
	uint32_t type;
	int32_t modifier;
	bool is_binary;
	struct slice value;
	const char *masked; /* NULL for SQL NULL */
} CELLS[] = {
	{ { MASK_REDACT, 0, 0, 0 }, TEXT, -1, false, BYTES("ann"), "[redacted]" },
	{ { MASK_REDACT, 0, 0, 0 }, TEXT, -1, true, BYTES(""), "[redacted]" },
	{ { MASK_REDACT, DETECT_EMAIL + 1, 0, 0 }, TEXT, -1, false, BYTES("x"), "[email]" },
	{ { MASK_REDACT, DETECT_CARD + 1, 0, 0 }, TEXT, -1, false, BYTES("x"), "[card]" },
	{ { MASK_REDACT, 200, 0, 0 }, TEXT, -1, false, BYTES("x"), "[redacted]" },
	{ { MASK_REDACT, 0, 0, 0 }, VARCHAR, VARCHAR_OF(5), false, BYTES("annie"), "[reda" },
	{ { MASK_REDACT, 0, 0, 0 }, VARCHAR, VARCHAR_OF(50), false, BYTES("annie"), "[redacted]" },
	{ { MASK_REDACT, 0, 0, 0 }, CHAR, -1, false, BYTES("x"), "[" },
	{ { MASK_REDACT, 0, 0, 0 }, NAME, -1, true, BYTES("public"), "[redacted]" },
	{ { MASK_REDACT, 0, 0, 0 }, JSON, -1, true, BYTES("{}"), "\"[redacted]\"" },
	{ { MASK_REDACT, 0, 0, 0 }, JSONB, -1, false, BYTES("{}"), "\"[redacted]\"" },
	{ { MASK_REDACT, 0, 0, 0 }, JSONB, -1, true, BYTES("\1{}"), "\1\"[redacted]\"" },
	{ { MASK_KEEP_LAST, 0, 2, 0 },
	  JSON,
	  -1,
	  false,
	  BYTES("\"a long text\""),
	  "\"[redacted]\"" },
	{ { MASK_REDACT, 0, 0, 0 }, XML, -1, false, BYTES("<a/>"), "[redacted]" },
	{ { MASK_KEEP_FIRST, 0, 3, 0 }, XML, -1, false, BYTES("<long>x</long>"), "[redacted]" },
	{ { MASK_REDACT, 0, 0, 0 }, BYTEA, -1, true, BYTES("\0\1"), "[redacted]" },
	{ { MASK_REDACT, 0, 0, 0 }, BYTEA, -1, false, BYTES("\\x0001"), "\\x5b72656461637465645d" },
	{ { MASK_REDACT, 0, 0, 0 }, INT4, -1, false, BYTES("7"), NULL },
	{ { MASK_REDACT, 0, 0, 0 }, TIMESTAMP, -1, false, BYTES("2020-01-01"), NULL },
	{ { MASK_REDACT, 0, 0, 0 }, UUID, -1, true, BYTES("0123456789abcdef"), NULL },
	{ { MASK_REDACT, 0, 0, 0 }, BOOL, -1, false, BYTES("t"), NULL },
	{ { MASK_REDACT, 0, 0, 0 }, INET, -1, false, BYTES("10.0.0.1"), NULL },
	{ { MASK_REDACT, 0, 0, 0 }, TEXT_ARRAY, -1, false, BYTES("{a}"), NULL },
	{ { MASK_REDACT, 0, 0, 0 }, ENUM, -1, false, BYTES("red"), NULL },
	{ { MASK_HASH, 0, 0, 0 }, ENUM, -1, false, BYTES("red"), NULL },
	{ { MASK_HASH, 0, 0, 0 }, JSON, -1, false, BYTES("{}"), NULL },
	{ { MASK_HASH, 0, 0, 0 }, TIMESTAMP, -1, false, BYTES("2020-01-01"), NULL },
	{ { MASK_HASH, 0, 0, 0 }, INT4, -1, false, BYTES("2147483648"), NULL },
	{ { MASK_HASH, 0, 0, 0 }, INT4, -1, false, BYTES("seven"), NULL },
	{ { MASK_HASH, 0, 0, 0 }, INT4, -1, true, BYTES("\0\0\1"), NULL },
	{ { MASK_HASH, 0, 0, 0 }, UUID, -1, false, BYTES("0123"), NULL },
	{ { MASK_HASH, 0, 0, 0 }, BYTEA, -1, false, BYTES("\\x0"), NULL },
	{ { MASK_HASH, 0, 0, 0 }, BYTEA, -1, false, BYTES("a\\9"), NULL },
	{ { MASK_HASH, 0, 0, 0 }, NUMERIC, -1, false, BYTES("NaN"), NULL },
	{ { MASK_HASH, 0, 0, 0 }, NUMERIC, -1, true, BYTES("\0\1\0\0\0\0\0\0"), NULL },
	{ { MASK_BLANK, 0, 0, 0 }, TEXT, -1, false, BYTES("ann"), NULL },
	{ { 77, 0, 0, 0 }, TEXT, -1, false, BYTES("ann"), NULL },
	{ { MASK_NONE, 0, 0, 0 }, TEXT, -1, false, BYTES("ann"), "ann" },
	{ { MASK_KEEP_LAST, 0, 2, 0 },
	  TEXT,
	  -1,
	  false,
	  BYTES("ann@example.com"),
	  "*************om" },
	{ { MASK_KEEP_FIRST, 0, 2, 0 },
	  TEXT,
	  -1,
	  false,
	  BYTES("ann@example.com"),
	  "an*************" },
	{ { MASK_KEEP_LAST, 0, 2, 0 }, TEXT, -1, false, BYTES("abcdef"), "*************ef" },
	{ { MASK_KEEP_LAST, 0, 2, 0 }, TEXT, -1, false, BYTES("abcde"), "[redacted]" },
	{ { MASK_KEEP_FIRST, 0, 2, 0 }, TEXT, -1, false, BYTES("abcde"), "[redacted]" },
	{ { MASK_KEEP_FIRST, 0, 2, 0 }, TEXT, -1, false, BYTES("abcdef"), "ab*************" },
	{ { MASK_KEEP_LAST, 0, 0, 0 }, TEXT, -1, false, BYTES("abcd"), "*************" },
	{ { MASK_KEEP_LAST, 0, 65535, 0 }, TEXT, -1, false, BYTES("abcd"), "[redacted]" },
	{ { MASK_KEEP_LAST, 0, 2, 0 },
	  TEXT,
	  -1,
	  false,
	  BYTES("af\xc3\xa9\xe2\x82\xac!"),
	  "[redacted]" },
	{ { MASK_KEEP_LAST, 0, 2, 0 },
	  TEXT,
	  -1,
	  false,
	  BYTES("caf\xc3\xa9s\xe2\x82\xac!"),
	  "*************\xe2\x82\xac!" },
	{ { MASK_KEEP_FIRST, 0, 2, 0 },
	  TEXT,
	  -1,
	  false,
	  BYTES("\xc3\xa9\xe2\x82\xac rest"),
	  "\xc3\xa9\xe2\x82\xac*************" },
	{ { MASK_KEEP_LAST, 0, 2, 0 },
	  TEXT,
	  -1,
	  false,
	  BYTES("abcd\xa9\xff"),
	  "*************\xa9\xff" },
	{ { MASK_KEEP_LAST, 0, 4, 0 },
	  VARCHAR,
	  VARCHAR_OF(10),
	  false,
	  BYTES("0123456789"),
	  "******6789" },
	{ { MASK_KEEP_FIRST, 0, 4, 0 },
	  VARCHAR,
	  VARCHAR_OF(8),
	  false,
	  BYTES("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
		"5678"),
	  "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9****" },
	{ { MASK_KEEP_LAST, 0, 4, 0 }, VARCHAR, VARCHAR_OF(4), false, BYTES("0123456789"), "[red" },
};

START_TEST(cell_is_masked_as_its_type_allows)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(1000);
	struct cell cell = { CELLS[_i].type, CELLS[_i].modifier, CELLS[_i].is_binary,
			     CELLS[_i].value };
	const struct sha256_hmac_key *key = CELLS[_i].mask.how == MASK_HASH ? &key_of_tests : NULL;
	bool is_null;

	buf_add_text(&out, "before");
	ck_assert_int_eq(mask_cell(CELLS[_i].mask, key, &cell, &out, &is_null), 0);
	const char *masked = CELLS[_i].masked;
	ck_assert_int_eq(is_null, masked == NULL);
	ck_assert_str_eq(buf_text(&out) + 6, masked ? masked : "");
}
END_TEST

static void hash_of(uint32_t type, int32_t modifier, bool is_binary, struct slice value,
		    struct buf *out)
{
	struct cell cell = { type, modifier, is_binary, value };
	bool is_null;

	buf_clear(out);
	ck_assert_int_eq(
		mask_cell((struct mask){ MASK_HASH, 0, 0, 0 }, &key_of_tests, &cell, out, &is_null),
		0);
	ck_assert(!is_null);
}

/* One value in both formats. */
static const struct {
	uint32_t type;
	struct slice text, binary;
} PAIRS[] = {
	{ INT2, BYTES("-2"), BYTES("\xff\xfe") },
	{ INT4, BYTES("7"), BYTES("\0\0\0\7") },
	{ INT4, BYTES("-2147483648"), BYTES("\x80\0\0\0") },
	{ INT8, BYTES("-1"), BYTES("\xff\xff\xff\xff\xff\xff\xff\xff") },
	{ OID, BYTES("4294967295"), BYTES("\xff\xff\xff\xff") },
	{ UUID, BYTES("00112233-4455-6677-8899-AABBCCDDEEFF"),
	  BYTES("\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff") },
	{ TEXT, BYTES("ann"), BYTES("ann") },
	{ BYTEA, BYTES("\\x00ff61"),
	  BYTES("\x00\xff"
		"a") },
	{ BYTEA, BYTES("\\000\\377a"),
	  BYTES("\x00\xff"
		"a") },
	{ BYTEA, BYTES("a\\\\"), BYTES("a\\") },
	{ NUMERIC, BYTES("12345.678"), BYTES("\0\3\0\1\0\0\0\3\0\1\x09\x29\x1a\x7c") },
	{ NUMERIC, BYTES("-0.000100"), BYTES("\0\1\xff\xff\x40\0\0\4\0\1") },
	{ NUMERIC, BYTES("0.00"), BYTES("\0\0\0\0\0\0\0\2") },
	{ NUMERIC, BYTES("10000"), BYTES("\0\1\0\1\0\0\0\0\0\1") },
};

/* What a whole number in binary says. */
static uint64_t number_of(struct slice bytes)
{
	uint64_t number = 0;

	for (size_t i = 0; i < bytes.length; i++)
		number = number << 8 | (unsigned char)bytes.at[i];
	return number;
}

/* The bytes that hex digits say, dashes left out. */
static void unhex(const char *text, struct buf *out)
{
	for (; *text; text++) {
		if (*text == '-' || *text == '\\' || *text == 'x')
			continue;
		char pair[3] = { text[0], text[1], '\0' };

		buf_add_char(out, (char)strtoul(pair, NULL, 16));
		text++;
	}
}

/* The text form of the numeric that `bytes` hold; whole numbers only. */
static uint64_t numeric_of(struct slice bytes)
{
	uint64_t number = 0;
	unsigned weight = (unsigned)number_of(slice_part(bytes, 2, 2));

	for (unsigned i = 0; i <= weight; i++)
		number = number * 10000 + number_of(slice_part(bytes, 8 + 2 * (size_t)i, 2));
	return number;
}

START_TEST(hash_is_one_value_in_both_formats)
{
	SCOPED(buf_done)
	struct buf text = BUF_MAX(1000), binary = BUF_MAX(1000), bytes = BUF_MAX(1000);
	uint32_t type = PAIRS[_i].type;

	hash_of(type, -1, false, PAIRS[_i].text, &text);
	hash_of(type, -1, true, PAIRS[_i].binary, &binary);
	uint64_t number = strtoull(buf_text(&text), NULL, 10);
	if (type == TEXT) {
		ck_assert(slice_equal(buf_view(&text), buf_view(&binary)));
		ck_assert_uint_eq(text.length, 32);
	} else if (type == UUID || type == BYTEA) {
		unhex(buf_text(&text), &bytes);
		ck_assert(slice_equal(buf_view(&bytes), buf_view(&binary)));
		ck_assert_uint_eq(bytes.length, 16);
	} else if (type == NUMERIC) {
		ck_assert_uint_eq(number, numeric_of(buf_view(&binary)));
	} else {
		ck_assert_uint_eq(number, number_of(buf_view(&binary)));
		ck_assert_uint_eq(binary.length, PAIRS[_i].binary.length);
	}
}
END_TEST

START_TEST(hashed_values_stay_inside_their_type)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(1000);
	char text[16];

	for (int i = 0; i < 2000; i++) {
		snprintf(text, sizeof(text), "%d", i - 1000);
		hash_of(INT2, -1, false, slice_of(text), &out);
		ck_assert(strtoll(buf_text(&out), NULL, 10) <= INT16_MAX);
		hash_of(INT4, -1, false, slice_of(text), &out);
		ck_assert(strtoll(buf_text(&out), NULL, 10) <= INT32_MAX && out.at[0] != '-');
		/* numeric(6,2) has four digits before the point */
		hash_of(NUMERIC, (6 << 16 | 2) + 4, false, slice_of(text), &out);
		ck_assert(out.length <= 4);
		hash_of(VARCHAR, VARCHAR_OF(7), false, slice_of(text), &out);
		ck_assert_uint_eq(out.length, 7);
	}
	hash_of(UUID, -1, false, SLICE("00112233-4455-6677-8899-aabbccddeeff"), &out);
	ck_assert_uint_eq(out.length, 36);
	ck_assert_int_eq(out.at[14], '4');
	ck_assert_ptr_nonnull(strchr("89ab", out.at[19]));
}
END_TEST

START_TEST(hash_depends_on_value_and_key)
{
	SCOPED(buf_done) struct buf a = BUF_MAX(100), b = BUF_MAX(100);
	struct sha256_hmac_key other;
	struct cell cell = { TEXT, -1, false, SLICE("ann") };
	bool is_null;

	hash_of(TEXT, -1, false, SLICE("ann"), &a);
	hash_of(TEXT, -1, false, SLICE("bob"), &b);
	ck_assert(!slice_equal(buf_view(&a), buf_view(&b)));
	buf_clear(&b);
	struct mask hash = { MASK_HASH, 0, 0, 0 };
	sha256_hmac_prepare("\1", 1, &other);
	ck_assert_int_eq(mask_cell(hash, &other, &cell, &b, &is_null), 0);
	ck_assert(!slice_equal(buf_view(&a), buf_view(&b)));
	buf_clear(&b);
	ck_assert_int_eq(mask_cell(hash, NULL, &cell, &b, &is_null), 0);
	ck_assert_str_eq(buf_text(&b), "[redacted]");
}
END_TEST

static const struct {
	struct mask a, b, stricter;
} STRICTER[] = {
	{ { MASK_NONE, 0, 0, 0 }, { MASK_KEEP_LAST, 0, 4, 0 }, { MASK_KEEP_LAST, 0, 4, 0 } },
	{ { MASK_KEEP_LAST, 0, 4, 0 }, { MASK_KEEP_LAST, 0, 2, 0 }, { MASK_KEEP_LAST, 0, 2, 0 } },
	{ { MASK_KEEP_LAST, 0, 4, 0 }, { MASK_KEEP_FIRST, 0, 2, 0 }, { MASK_REDACT, 0, 2, 0 } },
	{ { MASK_KEEP_FIRST, 0, 4, 0 }, { MASK_HASH, 0, 0, 3 }, { MASK_HASH, 0, 0, 3 } },
	{ { MASK_HASH, 0, 0, 3 }, { MASK_HASH, 0, 0, 1 }, { MASK_HASH, 0, 0, 1 } },
	{ { MASK_HASH, 0, 0, 3 }, { MASK_REDACT, 0, 0, 0 }, { MASK_REDACT, 0, 0, 0 } },
	{ { MASK_REDACT, 1, 0, 0 }, { MASK_REDACT, 0, 0, 0 }, { MASK_REDACT, 0, 0, 0 } },
	{ { MASK_REDACT, 1, 0, 0 }, { MASK_BLANK, 0, 0, 0 }, { MASK_BLANK, 0, 0, 0 } },
};

START_TEST(stricter_mask_wins_in_either_order)
{
	struct mask ab = mask_stricter(STRICTER[_i].a, STRICTER[_i].b);
	struct mask ba = mask_stricter(STRICTER[_i].b, STRICTER[_i].a);

	ck_assert_mem_eq(&ab, &STRICTER[_i].stricter, sizeof(ab));
	ck_assert_mem_eq(&ba, &STRICTER[_i].stricter, sizeof(ba));
}
END_TEST

START_TEST(full_buffer_is_an_error_and_shows_nothing)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(14);
	struct cell cell = { TEXT, -1, false, SLICE("ann@example.com") };
	bool is_null;

	ck_assert_int_eq(
		mask_cell((struct mask){ MASK_KEEP_LAST, 0, 2, 0 }, NULL, &cell, &out, &is_null),
		-E2BIG);
	ck_assert_uint_eq(out.length, 0);
}
END_TEST

START_TEST(constant_mask_gives_one_form_for_all_values)
{
	static const uint32_t TYPES[] = { BYTEA,   CHAR, NAME,       INT8,    TEXT,
					  JSON,    XML,  TEXT_ARRAY, VARCHAR, TIMESTAMP,
					  NUMERIC, UUID, JSONB,      ENUM,    INET };
	static const struct slice VALUES[] = {
		{ NULL, 0 }, BYTES("x"), BYTES("ann@example.org"), BYTES("\x01{[\"")
	};
	struct mask redact = { .how = MASK_REDACT }, blank = { .how = MASK_BLANK };

	for (size_t i = 0; i < COUNT_OF(TYPES) * 2 * 2; i++) {
		struct mask mask = i & 1 ? redact : blank;
		SCOPED(buf_done) struct buf first = BUF_MAX(100);
		bool first_is_null, is_null;

		ck_assert(mask_is_constant(mask));
		for (size_t k = 0; k < COUNT_OF(VALUES); k++) {
			struct cell cell = { TYPES[i / 4], VARCHAR_OF(6), i & 2, VALUES[k] };
			SCOPED(buf_done) struct buf out = BUF_MAX(100);

			ck_assert_int_eq(mask_cell(mask, NULL, &cell, k ? &out : &first,
						   k ? &is_null : &first_is_null),
					 0);
			ck_assert(k == 0 || is_null == first_is_null);
			ck_assert_msg(k == 0 || slice_equal(buf_view(&out), buf_view(&first)),
				      "type %u", TYPES[i / 4]);
		}
	}
}
END_TEST

START_TEST(masks_that_read_the_value_are_not_constant)
{
	ck_assert(!mask_is_constant((struct mask){ .how = MASK_NONE }));
	ck_assert(!mask_is_constant((struct mask){ .how = MASK_KEEP_LAST, .keep = 4 }));
	ck_assert(!mask_is_constant((struct mask){ .how = MASK_KEEP_FIRST, .keep = 4 }));
	ck_assert(!mask_is_constant((struct mask){ .how = MASK_HASH }));
}
END_TEST

START_TEST(characters_are_stepped_over_whole_in_both_directions)
{
	static const struct {
		struct slice text;
		size_t first, last, fits; /* fits: in two bytes */
	} STEPS[] = {
		{ BYTES(""), 0, 0, 0 },
		{ BYTES("ab"), 1, 1, 2 },
		{ BYTES("\xe2\x82\xac"), 3, 3, 0 },
		{ BYTES("a\xc3\xa9"), 1, 2, 1 },
		{ BYTES("\xc3\xa9z"), 2, 1, 2 },
		{ BYTES("\xa9\xa9\xa9"), 1, 1, 2 },
		{ BYTES("\xe2\x82"), 1, 1, 2 },
		{ BYTES("\xf0\x9f\x98\x80"), 4, 4, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(STEPS); i++) {
		ck_assert_uint_eq(character_first(STEPS[i].text), STEPS[i].first);
		ck_assert_uint_eq(character_last(STEPS[i].text), STEPS[i].last);
		ck_assert_uint_eq(character_fit(STEPS[i].text, 2), STEPS[i].fits);
	}
}
END_TEST

START_TEST(any_bytes_are_survived_in_any_type)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(100000);
	unsigned seed = 1;
	char bytes[40];
	bool is_null;

	for (int i = 0; i < 40000; i++) {
		for (size_t k = 0; k < sizeof(bytes); k++) {
			seed = seed * 1103515245u + 12345u;
			bytes[k] = (char)(seed >> 16 & (k < 8 && i % 2 ? 3 : 255));
		}
		static const uint32_t TYPES[] = { BYTEA, NUMERIC, UUID, TEXT, INT8, JSONB, NAME };
		struct cell cell = {
			TYPES[i % 7], (int32_t)seed, i & 1, { bytes, (seed >> 8) % sizeof(bytes) }
		};
		struct mask mask = { (uint8_t)(1 + i % 5), 0, (uint16_t)(i % 9), 0 };

		buf_clear(&out);
		ck_assert_int_eq(mask_cell(mask, &key_of_tests, &cell, &out, &is_null), 0);
	}
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, cell_is_masked_as_its_type_allows, 0, COUNT_OF(CELLS));
	tcase_add_loop_test(tcase, hash_is_one_value_in_both_formats, 0, COUNT_OF(PAIRS));
	tcase_add_test(tcase, hashed_values_stay_inside_their_type);
	tcase_add_test(tcase, hash_depends_on_value_and_key);
	tcase_add_loop_test(tcase, stricter_mask_wins_in_either_order, 0, COUNT_OF(STRICTER));
	tcase_add_test(tcase, full_buffer_is_an_error_and_shows_nothing);
	tcase_add_test(tcase, constant_mask_gives_one_form_for_all_values);
	tcase_add_test(tcase, masks_that_read_the_value_are_not_constant);
	tcase_add_test(tcase, characters_are_stepped_over_whole_in_both_directions);
	tcase_add_test(tcase, any_bytes_are_survived_in_any_type);
}

int main(void)
{
	sha256_hmac_prepare(KEY_BYTES, sizeof(KEY_BYTES), &key_of_tests);
	return run_suite("mask", NULL, NULL, add_tests);
}
