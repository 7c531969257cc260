/* SPDX-License-Identifier: MIT */
/* Mask plans: what is built can be read, what is damaged is refused, and the stricter reading
 * decides. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "policy/core/plan.h"
#include "policy/core/plan_build.h"
#include "tests/unit/run_suite.h"

enum { CUSTOMERS = 16500, ORDERS = 16600, NOTES = 16700, STRANGER = 16800, PG_CLASS = 1259 };

static const struct mask NONE = { 0 };
static const struct mask KEEP = { MASK_KEEP_LAST, 0, 2, 0 };
static const struct mask REDACT = { MASK_REDACT, 0, 0, 0 };
static const struct mask BLANK = { MASK_BLANK, 0, 0, 0 };
static const struct mask HASH = { MASK_HASH, 0, 0, 1 };

/* 0: SELECT plain, masked, computed; 1: SELECT plain, *, computed, a, *, computed; 2: nothing. */
static void build(struct buf *out, uint32_t flags)
{
	SCOPED(plan_build_done) struct plan_build plan;

	plan_build_init(&plan);
	plan.plan.flags = flags;
	plan.plan.unpredicted = REDACT;
	plan.plan.found[DETECT_EMAIL] = HASH;
	plan_build_statement(&plan);
	plan_build_column(&plan, NONE, false);
	plan_build_column(&plan, KEEP, false);
	plan_build_column(&plan, NONE, true);
	plan_build_statement(&plan);
	plan_build_column(&plan, NONE, false);
	plan_build_star(&plan);
	plan_build_column(&plan, NONE, true);
	plan_build_column(&plan, NONE, false);
	plan_build_star(&plan);
	plan_build_column(&plan, BLANK, true);
	plan_build_statement(&plan);
	plan_build_origin(&plan, ORDERS, 0, NONE);
	plan_build_origin(&plan, CUSTOMERS, 2, KEEP);
	plan_build_origin(&plan, CUSTOMERS, 0, NONE);
	plan_build_origin(&plan, CUSTOMERS, 3, KEEP);
	plan_build_origin(&plan, CUSTOMERS, 3, HASH);
	plan_build_origin(&plan, NOTES, 1, NONE);
	ck_assert_int_eq(plan_build_finish(&plan, out), 0);
}

static const struct {
	struct plan_question question;
	const struct mask *mask, *unchecked; /* with and without PLAN_CHECKS_ORIGINS */
} ANSWERS[] = {
	/* statement, column, columns, relation, attribute */
	{ { 0, 0, 3, CUSTOMERS, 1 }, &NONE, &NONE },
	{ { 0, 0, 3, CUSTOMERS, 2 }, &KEEP, &KEEP }, /* the origin is stricter */
	{ { 0, 0, 3, CUSTOMERS, 3 }, &HASH, &HASH },
	{ { 0, 1, 3, ORDERS, 1 }, &KEEP, &KEEP }, /* the prediction is stricter */
	{ { 0, 0, 3, STRANGER, 1 }, &REDACT, &NONE },
	{ { 0, 0, 3, 0, 0 }, &REDACT, &NONE }, /* said to be a plain column */
	{ { 0, 2, 3, 0, 0 }, &NONE, &NONE },   /* computed */
	{ { 0, 2, 3, STRANGER, 1 }, &REDACT, &NONE },
	{ { 0, 0, 3, PG_CLASS, 1 }, &NONE, &NONE },
	{ { 0, 1, 3, PG_CLASS, 1 }, &KEEP, &KEEP },
	{ { 0, 0, 3, CUSTOMERS, 0 }, &HASH, &HASH }, /* the whole row */
	{ { 0, 0, 3, ORDERS, 0 }, &NONE, &NONE },
	{ { 0, 0, 3, STRANGER, 0 }, &REDACT, &NONE },
	{ { 0, 0, 3, NOTES, 1 }, &NONE, &NONE },
	{ { 0, 0, 3, NOTES, 2 }, &REDACT, &NONE },       /* not known, and no entry for all */
	{ { 0, 0, 3, ORDERS, -1 }, &NONE, &NONE },       /* a system column */
	{ { 0, 0, 2, ORDERS, 1 }, &REDACT, &REDACT },    /* too few columns */
	{ { 0, 0, 4, CUSTOMERS, 3 }, &REDACT, &REDACT }, /* too many */
	{ { 0, 9, 3, ORDERS, 1 }, &REDACT, &REDACT },
	{ { 1, 0, 5, ORDERS, 1 }, &NONE, &NONE },
	{ { 1, 1, 5, ORDERS, 1 }, &NONE, &NONE }, /* from a star */
	{ { 1, 1, 5, CUSTOMERS, 2 }, &KEEP, &KEEP },
	{ { 1, 2, 5, STRANGER, 2 }, &REDACT, &REDACT },
	{ { 1, 3, 5, 0, 0 }, &REDACT, &REDACT },
	{ { 1, 3, 5, PG_CLASS, 1 }, &NONE, &NONE },
	{ { 1, 4, 5, ORDERS, 1 }, &BLANK, &BLANK }, /* the tail */
	{ { 1, 1, 2, ORDERS, 1 }, &BLANK, &BLANK }, /* stars without columns */
	{ { 1, 0, 1, ORDERS, 1 }, &REDACT, &REDACT },
	{ { 2, 0, 1, ORDERS, 1 }, &REDACT, &REDACT }, /* a command that returns rows */
	{ { 3, 0, 1, 0, 0 }, &REDACT, &REDACT },      /* more results than statements */
	{ { 3, 0, 1, STRANGER, 1 }, &REDACT, &REDACT },
	{ { 3, 0, 1, ORDERS, 1 }, &NONE, &NONE },
	{ { 4000000000u, 0, 1, CUSTOMERS, 3 }, &HASH, &HASH },
};

static void assert_answer(const struct plan_question *question, const struct mask *mask,
			  uint32_t flags)
{
	SCOPED(buf_done) struct buf bytes = BUF_MAX(10000);

	build(&bytes, flags);
	const struct plan *plan = plan_read(buf_view(&bytes));
	ck_assert_ptr_nonnull(plan);
	ck_assert_int_eq(plan_mask(plan, question).how, mask->how);
}

START_TEST(the_stricter_of_prediction_and_origin_counts)
{
	assert_answer(&ANSWERS[_i].question, ANSWERS[_i].mask, PLAN_CHECKS_ORIGINS);
	assert_answer(&ANSWERS[_i].question, ANSWERS[_i].unchecked, 0);
}
END_TEST

START_TEST(what_is_built_is_what_is_read)
{
	SCOPED(buf_done) struct buf bytes = BUF_MAX(10000);

	build(&bytes, PLAN_CHECKS_ORIGINS);
	const struct plan *plan = plan_read(buf_view(&bytes));
	ck_assert_ptr_nonnull(plan);
	ck_assert_uint_eq(plan->statement_count, 3);
	ck_assert_uint_eq(plan->column_count, 5);
	ck_assert_uint_eq(plan->origin_count, 5);
	ck_assert_uint_eq(plan->flags, PLAN_CHECKS_ORIGINS);
	ck_assert_int_eq(plan->found[DETECT_EMAIL].how, MASK_HASH);
}
END_TEST

/* Asks about everything that a result could bring up. */
static void ask_all(const struct plan *plan)
{
	static const uint32_t RELATIONS[] = { 0, PG_CLASS, CUSTOMERS, ORDERS, NOTES, STRANGER };
	uint8_t strictest = 0;

	for (uint32_t i = 0; i < 4u * 6 * 6 * COUNT_OF(RELATIONS) * 3; i++) {
		uint32_t rest = i / 4 / 6 / 6;
		struct plan_question question = { i % 4, i / 4 % 6, i / 4 / 6 % 6,
						  RELATIONS[rest % COUNT_OF(RELATIONS)],
						  (int32_t)(rest / COUNT_OF(RELATIONS)) - 1 };

		uint8_t how = plan_mask(plan, &question).how;
		strictest = how > strictest ? how : strictest;
	}
	ck_assert_uint_le(strictest, MASK_BLANK);
}

/* Copies to memory of exactly that size, so that a sanitizer sees each byte read beyond it. */
static bool survives(const char *bytes, size_t length)
{
	SCOPED(free_p) char *copy = malloc(length ? length : 1);

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, bytes, length);
	const struct plan *plan = plan_read((struct slice){ copy, length });
	if (plan)
		ask_all(plan);
	return plan != NULL;
}

START_TEST(damaged_plans_are_refused_or_harmless)
{
	SCOPED(buf_done) struct buf bytes = BUF_MAX(10000);

	build(&bytes, PLAN_CHECKS_ORIGINS);
	for (size_t bit = 0; bit < bytes.length * 8; bit++) {
		bytes.at[bit / 8] = (char)(bytes.at[bit / 8] ^ 1 << bit % 8);
		bool is_count = bit < 3 * 32;
		ck_assert(!survives(bytes.at, bytes.length) || !is_count);
		bytes.at[bit / 8] = (char)(bytes.at[bit / 8] ^ 1 << bit % 8);
	}
	for (size_t length = 0; length < bytes.length; length++)
		ck_assert(!survives(bytes.at, length));
	ck_assert(survives(bytes.at, bytes.length));
	buf_add_u32(&bytes, 0);
	ck_assert(!survives(bytes.at, bytes.length));
}
END_TEST

START_TEST(counts_that_overflow_are_refused)
{
	struct plan plan = { .statement_count = UINT32_MAX,
			     .column_count = UINT32_MAX,
			     .origin_count = UINT32_MAX };

	ck_assert(!survives((const char *)&plan, sizeof(plan)));
	/* 0x80000000 columns of 12 bytes and as many origins of 16 are nothing in 32 bits. */
	plan = (struct plan){ .column_count = 0x80000000u, .origin_count = 0x80000000u };
	ck_assert(!survives((const char *)&plan, sizeof(plan)));
}
END_TEST

START_TEST(unaligned_plans_are_refused)
{
	uint32_t room[sizeof(struct plan) / 4 + 1] = { 0 };

	ck_assert_ptr_nonnull(plan_read((struct slice){ (char *)room, sizeof(struct plan) }));
	ck_assert_ptr_null(plan_read((struct slice){ (char *)room + 1, sizeof(struct plan) }));
}
END_TEST

START_TEST(empty_plans_can_be_built)
{
	SCOPED(plan_build_done) struct plan_build build;
	SCOPED(buf_done) struct buf bytes = BUF_MAX(1000);

	plan_build_init(&build);
	ck_assert_int_eq(plan_build_finish(&build, &bytes), 0);
	ck_assert_uint_eq(bytes.length, sizeof(struct plan));
	ck_assert(survives(bytes.at, bytes.length));
}
END_TEST

START_TEST(building_beyond_the_bounds_fails)
{
	SCOPED(plan_build_done) struct plan_build orphan, large;
	SCOPED(buf_done) struct buf bytes = BUF_MAX(100 * MIB);

	plan_build_init(&orphan);
	plan_build_init(&large);
	plan_build_column(&orphan, NONE, false);
	ck_assert_int_eq(plan_build_finish(&orphan, &bytes), -EINVAL);
	plan_build_statement(&large);
	for (unsigned i = 0; i < PLAN_COLUMNS_MAX; i++)
		plan_build_column(&large, NONE, false);
	ck_assert_int_eq(plan_build_finish(&large, &bytes), 0);
	ck_assert(plan_read(buf_view(&bytes)) != NULL);
	plan_build_column(&large, NONE, false);
	ck_assert_int_eq(plan_build_finish(&large, &bytes), -E2BIG);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, the_stricter_of_prediction_and_origin_counts, 0,
			    COUNT_OF(ANSWERS));
	tcase_add_test(tcase, what_is_built_is_what_is_read);
	tcase_add_test(tcase, damaged_plans_are_refused_or_harmless);
	tcase_add_test(tcase, counts_that_overflow_are_refused);
	tcase_add_test(tcase, unaligned_plans_are_refused);
	tcase_add_test(tcase, empty_plans_can_be_built);
	tcase_add_test(tcase, building_beyond_the_bounds_fails);
}

int main(void)
{
	return run_suite("plan", NULL, NULL, add_tests);
}
