/* SPDX-License-Identifier: MIT */
/* Values that detectors find in a cell are replaced, and the cell stays a valid one. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "policy/core/mask.h"
#include "tests/unit/run_suite.h"

enum {
	BYTEA = 17,
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
	JSON_ARRAY = 199,
	ENUM = 16400,
	INET = 869,
};

#define BYTES(literal)                                                                             \
	{                                                                                          \
		literal, sizeof(literal) - 1                                                       \
	}
#define VARCHAR_OF(length) ((length) + 4)

static const struct sha256_hmac_key *only_key(void *context, uint32_t key)
{
	return key == 5 ? context : NULL;
}

#define EMAIL_REDACT                                                                               \
	{                                                                                          \
		[DETECT_EMAIL] = { MASK_REDACT, 0, 0, 0 }, [DETECT_CARD] = {                       \
			MASK_REDACT,                                                               \
			0,                                                                         \
			0,                                                                         \
			0                                                                          \
		}                                                                                  \
	}
#define EMAIL_KEEP                                                                                 \
	{                                                                                          \
		[DETECT_EMAIL] = { MASK_KEEP_LAST, 0, 3, 0 }                                       \
	}
#define EMAIL_BLANK                                                                                \
	{                                                                                          \
		[DETECT_EMAIL] = { MASK_BLANK, 0, 0, 0 }                                           \
	}
#define EMAIL_HASH                                                                                 \
	{                                                                                          \
		[DETECT_EMAIL] = { MASK_HASH, 0, 0, 5 }                                            \
	}

static const struct {
	struct mask masks[DETECTOR_COUNT];
	uint32_t type;
	int32_t modifier;
	bool is_binary;
	struct slice value, changed; /* changed.at NULL: stays as it is */
	bool is_null;
	uint32_t found;
} FOUND[] = {
	{ EMAIL_REDACT, TEXT, -1, false, BYTES("call ann@example.com!"), BYTES("call [email]!"),
	  false, 1 },
	{ EMAIL_REDACT, TEXT, -1, false, BYTES("nothing here"), { NULL, 0 }, false, 0 },
	{ EMAIL_REDACT, TEXT, -1, false, BYTES("\0a@b.de \xff a@b.de"),
	  BYTES("\0[email] \xff [email]"), false, 2 },
	{ EMAIL_KEEP, TEXT, -1, true, BYTES("to ann@example.com"), BYTES("to *************com"),
	  false, 1 },
	{ EMAIL_KEEP, TEXT, -1, true, BYTES("to a@b.de"), BYTES("to [email]"), false, 1 },
	{ EMAIL_BLANK, TEXT, -1, false, BYTES("to a@b.de"), { NULL, 0 }, true, 1 },
	{ EMAIL_REDACT, VARCHAR, VARCHAR_OF(6), false, BYTES("a@b.de"), BYTES("[email"), false, 1 },
	{ EMAIL_REDACT, JSON, -1, false, BYTES("{\"to\":\"x\\nann@b.de\"}"),
	  BYTES("{\"to\":\"x\\n[email]\"}"), false, 1 },
	{ EMAIL_REDACT, JSONB, -1, true, BYTES("\1{\"c\": -4111111111111111}"),
	  BYTES("\1{\"c\": \"[card]\"}"), false, 1 },
	{ EMAIL_REDACT, JSONB, -1, false, BYTES("[4111111111111111, \"\\\"4111111111111111\"]"),
	  BYTES("[\"[card]\", \"\\\"[card]\"]"), false, 2 },
	{ EMAIL_REDACT, JSONB, -1, true, BYTES("\2\"a@b.de\""), { NULL, 0 }, true, 1 },
	{ EMAIL_REDACT, JSONB, -1, true, BYTES("\1{\"a\":1}"), { NULL, 0 }, false, 0 },
	{ EMAIL_REDACT, BYTEA, -1, true, BYTES("a@b.de"), { NULL, 0 }, false, 0 },
	{ EMAIL_REDACT, INT8, -1, false, BYTES("4111111111111111"), { NULL, 0 }, false, 0 },
	{ EMAIL_REDACT, ENUM, -1, false, BYTES("(1,a@b.de)"), BYTES("(1,[email])"), false, 1 },
	{ EMAIL_REDACT, ENUM, -1, true, BYTES("xx a@b.de"), { NULL, 0 }, true, 1 },
	{ EMAIL_REDACT,
	  JSON_ARRAY,
	  -1,
	  false,
	  BYTES("{\"{\\\"c\\\":4111111111111111}\"}"),
	  { NULL, 0 },
	  true,
	  1 },
	{ EMAIL_REDACT, TEXT_ARRAY, -1, false, BYTES("{a@b.de,\"x a@b.de\"}"),
	  BYTES("{[email],\"x [email]\"}"), false, 2 },
	{ EMAIL_REDACT, TEXT_ARRAY, -1, true,
	  BYTES("\0\0\0\1\0\0\0\1\0\0\0\x19\0\0\0\3\0\0\0\1\0\0\0\2hi\xff\xff\xff\xff\0\0\0\6a@b."
		"de"),
	  BYTES("\0\0\0\1\0\0\0\1\0\0\0\x19\0\0\0\3\0\0\0\1\0\0\0\2hi\xff\xff\xff\xff\0\0\0\7["
		"email]"),
	  false, 1 },
	{ EMAIL_REDACT,
	  TEXT_ARRAY,
	  -1,
	  true,
	  BYTES("\0\0\0\1\0\0\0\0\0\0\0\x19\0\0\0\1\0\0\0\1\0\0\0\2hi"),
	  { NULL, 0 },
	  false,
	  0 },
	{ EMAIL_REDACT,
	  TEXT_ARRAY,
	  -1,
	  true,
	  BYTES("\0\0\0\1\0\0\0\1\0\0\0\x19\0\0\0\1\0\0\0\1\0\0\0\x63 a@b.de"),
	  { NULL, 0 },
	  true,
	  1 },
};

START_TEST(found_values_are_replaced_where_they_stand)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(1000);
	struct mask_search search = { detectors_available(), FOUND[_i].masks, NULL, NULL };
	struct cell cell = { FOUND[_i].type, FOUND[_i].modifier, FOUND[_i].is_binary,
			     FOUND[_i].value };
	struct mask_outcome outcome;

	buf_add_char(&out, '>');
	ck_assert_int_eq(mask_found(&search, &cell, &out, &outcome), 0);
	ck_assert_uint_eq(outcome.found, FOUND[_i].found);
	ck_assert_int_eq(outcome.is_null, FOUND[_i].is_null);
	ck_assert_int_eq(outcome.is_changed, FOUND[_i].found > 0);
	struct slice written = slice_part(buf_view(&out), 1, out.length);
	ck_assert_uint_eq(written.length, FOUND[_i].changed.length);
	ck_assert(slice_equal(written, FOUND[_i].changed));
}
END_TEST

START_TEST(found_values_are_hashed_with_the_key_of_their_mask)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(1000), whole = BUF_MAX(100);
	struct mask masks[DETECTOR_COUNT] = EMAIL_HASH;
	struct sha256_hmac_key key;
	struct mask_search search = { detectors_available(), masks, only_key, &key };
	struct cell cell = { TEXT, -1, false, SLICE("<a@b.de>") };
	struct mask_outcome outcome;

	sha256_hmac_prepare("a key", 5, &key);
	ck_assert_int_eq(mask_found(&search, &cell, &out, &outcome), 0);
	struct cell alone = { TEXT, -1, false, SLICE("a@b.de") };
	bool is_null;
	ck_assert_int_eq(mask_cell(masks[DETECT_EMAIL], &key, &alone, &whole, &is_null), 0);
	ck_assert_uint_eq(out.length, 34);
	ck_assert_mem_eq(out.at + 1, whole.at, 32);
	masks[DETECT_EMAIL].key = 6;
	buf_clear(&out);
	ck_assert_int_eq(mask_found(&search, &cell, &out, &outcome), 0);
	ck_assert_str_eq(buf_text(&out), "<[email]>");
}
END_TEST

START_TEST(only_types_that_hold_text_are_searched)
{
	static const uint32_t WITH[] = { TEXT, VARCHAR, NAME, JSON, JSONB, XML, TEXT_ARRAY, ENUM };
	static const uint32_t WITHOUT[] = { BYTEA, INT2, INT4,      INT8, NUMERIC,
					    UUID,  BOOL, TIMESTAMP, INET, OID };

	for (size_t i = 0; i < COUNT_OF(WITH); i++)
		ck_assert(mask_type_holds_text(WITH[i]));
	for (size_t i = 0; i < COUNT_OF(WITHOUT); i++)
		ck_assert(!mask_type_holds_text(WITHOUT[i]));
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, found_values_are_replaced_where_they_stand, 0, COUNT_OF(FOUND));
	tcase_add_test(tcase, found_values_are_hashed_with_the_key_of_their_mask);
	tcase_add_test(tcase, only_types_that_hold_text_are_searched);
}

int main(void)
{
	return run_suite("mask_found", NULL, NULL, add_tests);
}
