/* SPDX-License-Identifier: MIT */
/* Wherever memory runs out while policies and tests are read, that is told and nothing is left
 * behind.
 *
 * The linker puts the __wrap_ functions in front of the real ones (--wrap). */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/engine/arena.h"
#include "policy/engine/policy.h"
#include "policy/engine/policy_test.h"
#include "tests/unit/run_suite.h"

#define EXAMPLES SOURCE_ROOT "/doc/examples/policy/"

static long countdown = -1; /* calls until one fails; negative: none does */

static bool fails_now(void)
{
	return countdown >= 0 && countdown-- == 0;
}

/* ROW(result, function, parameters, arguments) */
#define ALLOCATORS(ROW)                                                                            \
	ROW(void *, malloc, (size_t size), (size))                                                 \
	ROW(void *, calloc, (size_t count, size_t size), (count, size))                            \
	ROW(void *, realloc, (void *old, size_t size), (old, size))                                \
	ROW(char *, strdup, (const char *text), (text))                                            \
	ROW(void *, arena_get, (struct arena * arena, size_t size), (arena, size))                 \
	ROW(const char *, arena_text, (struct arena * arena, struct slice text), (arena, text))    \
	ROW(void *, arena_grow, (struct arena * arena, void *items, size_t count, size_t size),    \
	    (arena, items, count, size))

#define WRAPPER(result, function, parameters, arguments)                                           \
	result __real_##function parameters;                                                       \
	result __wrap_##function parameters;                                                       \
	result __wrap_##function parameters                                                        \
	{                                                                                          \
		return fails_now() ? NULL : __real_##function arguments;                           \
	}
ALLOCATORS(WRAPPER)
#undef WRAPPER

static int read_policy(const char *path, struct error *error)
{
	SCOPED(policy_freep) struct policy *policy = NULL;

	return policy_read(path, &policy, error);
}

static int read_test(const char *path, struct error *error)
{
	SCOPED(policy_test_freep) struct policy_test_file *file = NULL;

	return policy_test_read(path, &file, error);
}

static const struct {
	int (*read)(const char *path, struct error *error);
	const char *path;
	long failures_min;
} READS[] = {
	{ read_policy, EXAMPLES, 300 },
	{ read_policy, EXAMPLES "more/3-support.yaml", 100 },
	{ read_policy, EXAMPLES "more/4-tenant.yaml", 50 },
	{ read_policy, EXAMPLES "more/6-oncall.yaml", 50 },
	{ read_test, EXAMPLES "shop_test.yaml", 100 },
};

START_TEST(memory_that_runs_out_anywhere_is_told)
{
	struct error error;
	long n = 0;
	int r;

	for (;; n++) {
		error = (struct error){ 0 };
		countdown = n;
		r = READS[_i].read(READS[_i].path, &error);
		bool has_failed = countdown < 0;
		countdown = -1;
		if (!has_failed)
			break;
		ck_assert_msg(r == -ENOMEM && error.text[0], "call %ld: %d %s", n, r, error.text);
	}
	ck_assert_int_eq(r, 0);
	ck_assert_int_ge(n, READS[_i].failures_min);
}
END_TEST

START_TEST(an_arena_keeps_to_its_maximum)
{
	SCOPED(arena_freep) struct arena *arena = arena_new(100);

	ck_assert_ptr_null(arena_get(arena, 101));
	ck_assert_ptr_null(arena_get(arena, SIZE_MAX));
	char *first = arena_get(arena, 60);
	ck_assert_ptr_nonnull(first);
	ck_assert_int_eq(first[0] | first[59], 0);
	ck_assert_ptr_null(arena_get(arena, 60));
	ck_assert_ptr_null(arena_grow(arena, NULL, 0, SIZE_MAX / 8));
	ck_assert_str_eq(arena_text(arena, SLICE("fits")), "fits");
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, memory_that_runs_out_anywhere_is_told, 0, COUNT_OF(READS));
	tcase_add_test(tcase, an_arena_keeps_to_its_maximum);
}

int main(void)
{
	return run_suite("policy_memory", NULL, NULL, add_tests);
}
