/* SPDX-License-Identifier: MIT */
/* A block of facts from another process is believed only after it is checked. */
#include "policy/engine/facts.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/engine/analyse.h"
#include "policy/engine/facts_build.h"
#include "tests/unit/run_suite.h"

static const char RICH[] =
	"PREPARE p AS SELECT u.*, a.b + 1 AS c, f(x) FROM users u JOIN a USING (id) NATURAL JOIN n "
	"WHERE u.tenant = 5 AND a.z = $2 ORDER BY 1; SET LOCAL x.y = 'v'; DO ''; "
	"INSERT INTO w (id, v) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET v = excluded.v; "
	"EXPLAIN ANALYZE DELETE FROM w WHERE true";

static void rich_block(struct buf *block)
{
	const struct analyse_settings settings = { .standard_conforming_strings = true,
						   .is_utf8 = true };

	ck_assert_int_eq(analyse_postgres(slice_of(RICH), &settings, block), 0);
	ck_assert_ptr_nonnull(facts_read(buf_view(block)));
}

/* A copy whose end is the end of its memory, so that a sanitizer sees what reads beyond it. */
static const struct facts *read_copy(const void *bytes, size_t length, void **ret_copy)
{
	*ret_copy = malloc(length > 0 ? length : 1);
	ck_assert_ptr_nonnull(*ret_copy);
	memcpy(*ret_copy, bytes, length);
	return facts_read((struct slice){ *ret_copy, length });
}

START_TEST(refuses_every_truncation)
{
	SCOPED(buf_done) struct buf block = BUF_MAX(FACTS_SIZE_MAX);

	rich_block(&block);
	for (size_t length = 0; length < block.length; length++) {
		void *copy;

		ck_assert_ptr_null(read_copy(block.at, length, &copy));
		free(copy);
	}
}
END_TEST

START_TEST(whatever_is_accepted_can_be_printed_safely)
{
	SCOPED(buf_done) struct buf block = BUF_MAX(FACTS_SIZE_MAX);
	SCOPED(buf_done) struct buf out = BUF_MAX(1 * MIB);
	int accepted = 0, refused = 0;

	rich_block(&block);
	srand(1);
	for (int round = 0; round < 50000; round++) {
		size_t at = (size_t)rand() % block.length;
		char before = block.at[at];
		void *copy;

		block.at[at] = (char)(before ^ (1 << rand() % 8));
		const struct facts *facts = read_copy(block.at, block.length, &copy);

		buf_clear(&out);
		if (facts != NULL)
			facts_print(facts, &out);
		facts != NULL ? accepted++ : refused++;
		free(copy);
		block.at[at] = before;
	}
	ck_assert_int_gt(accepted, 1000);
	ck_assert_int_gt(refused, 1000);
}
END_TEST

/* One field of the rich block set to what it may not be. */
struct damage {
	const char *what;
	size_t offset;
	uint32_t value;
};

static const struct damage DAMAGES[] = {
	{ "magic", offsetof(struct facts, magic), 1 },
	{ "size", offsetof(struct facts, size), 64 },
	{ "more top-level statements than statements", offsetof(struct facts, top_level_count),
	  999 },
	{ "statement count", offsetof(struct facts, statement_count), 0xffffffff },
	{ "pool size", offsetof(struct facts, pool_size), 0 },
	{ "text of the unknown", offsetof(struct facts, unknown.offset), 0xffffffff },
	{ "kind", sizeof(struct facts) + offsetof(struct facts_statement, kind), 999 },
	{ "effects", sizeof(struct facts) + offsetof(struct facts_statement, effects.count),
	  99999 },
	{ "outputs", sizeof(struct facts) + offsetof(struct facts_statement, outputs.first),
	  0xffffffff },
	{ "name", sizeof(struct facts) + offsetof(struct facts_statement, name.length), 0xffffff },
	{ "a body that is a top-level statement",
	  sizeof(struct facts) + offsetof(struct facts_statement, body), 0 },
	{ "a body that does not exist",
	  sizeof(struct facts) + offsetof(struct facts_statement, body), 999 },
};

START_TEST(refuses_damaged_fields)
{
	SCOPED(buf_done) struct buf block = BUF_MAX(FACTS_SIZE_MAX);

	rich_block(&block);
	memcpy(block.at + DAMAGES[_i].offset, &DAMAGES[_i].value, sizeof(uint32_t));
	ck_assert_msg(facts_read(buf_view(&block)) == NULL, "%s was accepted", DAMAGES[_i].what);
}
END_TEST

START_TEST(refuses_memory_that_is_not_aligned)
{
	SCOPED(buf_done) struct buf block = BUF_MAX(FACTS_SIZE_MAX);

	rich_block(&block);
	char *shifted = malloc(block.length + 8);

	ck_assert_ptr_nonnull(shifted);
	memcpy(shifted + 4, block.at, block.length);
	ck_assert_ptr_null(facts_read((struct slice){ shifted + 4, block.length }));
	free(shifted);
}
END_TEST

START_TEST(every_probe_place_has_a_text)
{
	for (int place = 0; place < PROBE_PLACE_COUNT; place++)
		ck_assert_str_ne(facts_probe_text((enum facts_probe_place)place), "?");
	ck_assert_str_eq(facts_probe_text(PROBE_PLACE_COUNT), "?");
}
END_TEST

START_TEST(equal_texts_stand_once_in_the_pool)
{
	struct facts_build build = { .round = 0 };

	facts_build_reset(&build);
	struct facts_text first = facts_build_text(&build, SLICE("users"));

	for (int i = 0; i < 2000; i++) {
		char name[16];

		snprintf(name, sizeof(name), "name%d", i);
		facts_build_text(&build, slice_of(name));
	}
	struct facts_text again = facts_build_text(&build, SLICE("users"));

	ck_assert_uint_eq(first.offset, again.offset);
	ck_assert_uint_eq(facts_build_text(&build, SLICE("")).length, 0);
	facts_build_reset(&build);
	ck_assert_uint_eq(facts_build_text(&build, SLICE("other")).length, 5);
	facts_build_done(&build);
}
END_TEST

START_TEST(a_text_that_nobody_read_is_unknown_for_the_reason_given)
{
	SCOPED(buf_done) struct buf block = BUF_MAX(4096);
	SCOPED(buf_done) struct buf small = BUF_MAX(16);

	ck_assert_int_eq(facts_build_unknown("it is larger than 16 MB", &block), 0);
	const struct facts *facts = facts_read(buf_view(&block));

	ck_assert_ptr_nonnull(facts);
	ck_assert(slice_is(facts_slice(facts, facts->unknown), "it is larger than 16 MB"));
	ck_assert_uint_eq(facts->statement_count, 0);
	ck_assert_int_eq(facts_build_unknown("there is no room for it", &small), -E2BIG);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, refuses_every_truncation);
	tcase_add_test(tcase, whatever_is_accepted_can_be_printed_safely);
	tcase_add_loop_test(tcase, refuses_damaged_fields, 0, COUNT_OF(DAMAGES));
	tcase_add_test(tcase, refuses_memory_that_is_not_aligned);
	tcase_add_test(tcase, every_probe_place_has_a_text);
	tcase_add_test(tcase, equal_texts_stand_once_in_the_pool);
	tcase_add_test(tcase, a_text_that_nobody_read_is_unknown_for_the_reason_given);
}

int main(void)
{
	return run_suite("facts", NULL, NULL, add_tests);
}
