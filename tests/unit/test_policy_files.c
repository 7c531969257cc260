/* SPDX-License-Identifier: MIT */
/* Files of policies and tests: good ones are read, bad ones are refused at their place with their
 * words. */
#include <check.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/engine/policy.h"
#include "policy/engine/policy_test.h"
#include "policy/engine/schema_text.h"
#include "tests/unit/policy_examples.h"
#include "tests/unit/run_suite.h"

static glob_t bad_cases;

static const char *const EXAMPLE_PATHS[] = {
	EXAMPLES,
	EXAMPLES "shop-prod.yaml",
	EXAMPLES "more/1-analytics.yaml",
	EXAMPLES "more/2-migrations.yaml",
	EXAMPLES "more/3-support.yaml",
	EXAMPLES "more/4-tenant.yaml",
	EXAMPLES "more/5-stages.yaml",
	EXAMPLES "more/6-oncall.yaml",
	SOURCE_ROOT "/tests/cases/policy_good/everything.yaml",
	SOURCE_ROOT "/tests/cases/policy_good/small.yaml",
	SOURCE_ROOT "/tests/cases/policy_good/aliases.yaml",
};

START_TEST(every_example_is_read)
{
	SCOPED(policy_freep) struct policy *policy = read_or_fail(EXAMPLE_PATHS[_i]);

	ck_assert_uint_eq(policy->file_count, _i == 0 ? 3 : 1);
}
END_TEST

static int read_case(const char *path, struct error *error)
{
	SCOPED(policy_test_freep) struct policy_test_file *file = NULL;
	SCOPED(policy_freep) struct policy *policy = NULL;

	if (slice_ends_with(slice_of(path), "_test.yaml"))
		return policy_test_read(path, &file, error);
	return policy_read(path, &policy, error);
}

START_TEST(bad_policies_are_refused_at_their_place_with_their_words)
{
	const char *path = bad_cases.gl_pathv[_i];
	struct error error = { 0 };
	char want[200], place[64], text[160] = "";
	FILE *file = fopen(path, "r");

	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(fgets(want, sizeof(want), file));
	fclose(file);
	ck_assert_msg(sscanf(want, "# want: %63[0-9:] %159[^\n]", place, text) == 2, "%s: no want",
		      path);
	ck_assert_int_lt(read_case(path, &error), 0);
	ck_assert_str_eq(error.file, path);
	char found[64];
	snprintf(found, sizeof(found), "%d:%d:", error.line, error.column);
	ck_assert_msg(strcmp(found, place) == 0, "%s: at %s not %s (%s)", path, found, place,
		      error.text);
	ck_assert_msg(strstr(error.text, text) != NULL, "%s: '%s' is not in '%s'", path, text,
		      error.text);
}
END_TEST

START_TEST(there_are_enough_bad_policies)
{
	ck_assert_uint_ge(bad_cases.gl_pathc, 250);
}
END_TEST

START_TEST(more_than_a_megabyte_is_refused)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(2 * MIB);
	struct policy *policy = NULL;
	struct error error;

	buf_add_text(&text, HEAD "rules: []\n#");
	while (text.length < MIB)
		buf_add_char(&text, 'x');
	ck_assert_int_eq(policy_read_texts(&(const char *){ "a" },
					   &(struct slice){ text.at, text.length }, 1, &policy,
					   &error),
			 0);
	policy_free(policy);
	buf_add_char(&text, 'x');
	ck_assert_int_eq(policy_read_texts(&(const char *){ "a" },
					   &(struct slice){ text.at, text.length }, 1, &policy,
					   &error),
			 -E2BIG);
	ck_assert_str_eq(error.text, "the text is larger than 1 MB");
}
END_TEST

START_TEST(paths_that_hold_no_policy_are_errors_without_a_place)
{
	struct policy *policy = NULL;
	struct error error;

	ck_assert_int_eq(policy_read("/nonexistent", &policy, &error), -ENOENT);
	ck_assert_str_eq(error.file, "/nonexistent");
	ck_assert_int_eq(error.line, 0);
	ck_assert_int_eq(policy_read(SOURCE_ROOT "/tests/unit", &policy, &error), -ENOENT);
	ck_assert_int_eq(policy_read("/dev/null", &policy, NULL), -ENOTSUP);
	ck_assert_ptr_null(policy);
}
END_TEST

START_TEST(the_test_file_keeps_the_kinds_of_its_data)
{
	SCOPED(policy_test_freep) struct policy_test_file *file = NULL;
	struct error error;

	ck_assert_msg(policy_test_read(EXAMPLES "shop_test.yaml", &file, &error) == 0, "%s",
		      error.text);
	ck_assert_uint_eq(file->policies.count, 3);
	ck_assert_str_eq(file->policies.items[0], EXAMPLES "shop-prod.yaml");
	ck_assert(file->caller_count == 2 && file->callers[1].kind == KIND_PERSON);
	ck_assert_str_eq(file->callers[1].groups.items[0], "dba-oncall");
	ck_assert_uint_eq(file->test_count, 5);
	const struct policy_test *first = &file->tests[0], *freeze = &file->tests[3];
	ck_assert(first->values.count == 1 && first->values.items[0].kind == TEST_INTEGER &&
		  first->values.items[0].integer == 42);
	ck_assert(first->has_returns && first->returns.items[0].count == 3);
	ck_assert_str_eq(first->returns.items[0].cells[1].column, "email");
	ck_assert_int_eq(first->returns.items[0].cells[1].value.kind, TEST_TEXT);
	ck_assert(first->want.has_rules && first->want.rules.count == 2 && !first->want.has_people);
	ck_assert_int_eq(first->at, 1795006800);
	ck_assert_int_eq(freeze->at, 1795251600);
	ck_assert(freeze->caller == 1 && freeze->want.has_break_glass && freeze->want.break_glass);
	ck_assert_int_eq(file->tests[4].want.reason, REASON_UNKNOWN);
}
END_TEST

START_TEST(the_schemas_stand_in_the_binary)
{
	ck_assert(slice_starts_with(policy_schema_text(), "{\n  \"$schema\""));
	ck_assert(slice_ends_with(policy_schema_text(), "}\n"));
	ck_assert(slice_starts_with(policy_test_schema_text(), "{\n  \"$schema\""));
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, every_example_is_read, 0, COUNT_OF(EXAMPLE_PATHS));
	tcase_add_loop_test(tcase, bad_policies_are_refused_at_their_place_with_their_words, 0,
			    (int)bad_cases.gl_pathc);
	tcase_add_test(tcase, there_are_enough_bad_policies);
	tcase_add_test(tcase, more_than_a_megabyte_is_refused);
	tcase_add_test(tcase, paths_that_hold_no_policy_are_errors_without_a_place);
	tcase_add_test(tcase, the_test_file_keeps_the_kinds_of_its_data);
	tcase_add_test(tcase, the_schemas_stand_in_the_binary);
}

int main(void)
{
	if (glob(SOURCE_ROOT "/tests/cases/policy/*.yaml", 0, NULL, &bad_cases) != 0 ||
	    glob(SOURCE_ROOT "/tests/cases/policy_test/*.yaml", GLOB_APPEND, NULL, &bad_cases) != 0)
		return EXIT_FAILURE;
	int status = run_suite("policy_files", NULL, NULL, add_tests);
	globfree(&bad_cases);
	return status;
}
