/* SPDX-License-Identifier: MIT */
/* Start-up options are cut into settings as the server cuts them. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "policy/engine/startup.h"
#include "tests/unit/run_suite.h"

static const struct {
	const char *options, *settings;
} ROWS[] = {
	{ "", "" },
	{ " \t ", "" },
	{ "-c search_path=evil", "search_path=evil;" },
	{ "-csearch_path=evil", "search_path=evil;" },
	{ "--search_path=evil", "search_path=evil;" },
	{ "--search-path=evil", "search_path=evil;" },
	{ "-c  ROLE=Boss\n--Work_Mem=1MB", "role=Boss;work_mem=1MB;" },
	{ "-c search_path=a\\ b\\\\c", "search_path=a b\\c;" },
	{ "-c search_path=a\\", "search_path=a\\;" },
	{ "-c\\ role=x", " role=x;" },
	{ "-c", "=;" },
	{ "-c role", "role=;" },
	{ "-O -S 64", "-O=;-S=;64=;" },
	{ "-c a=b=c", "a=b=c;" },
};

START_TEST(options_are_read_as_the_server_reads_them)
{
	struct slice rest = slice_of(ROWS[_i].options);
	struct startup_setting setting;
	char seen[256] = "";

	while (startup_next(&rest, &setting)) {
		size_t length = strlen(seen);

		snprintf(seen + length, sizeof(seen) - length, "%s=%s;", setting.name,
			 setting.value);
	}
	ck_assert_str_eq(seen, ROWS[_i].settings);
}
END_TEST

START_TEST(long_options_are_cut)
{
	char text[2000];
	struct startup_setting setting;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	memcpy(text, "-c y=", 5);
	struct slice rest = slice_of(text);
	ck_assert(startup_next(&rest, &setting));
	ck_assert_str_eq(setting.name, "y");
	ck_assert_uint_eq(strlen(setting.value), sizeof(setting.value) - 1);
	memcpy(text, "-c yx", 5);
	rest = slice_of(text);
	ck_assert(startup_next(&rest, &setting));
	ck_assert_uint_eq(strlen(setting.name), sizeof(setting.name) - 1);
	ck_assert(!startup_next(&rest, &setting));
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, options_are_read_as_the_server_reads_them, 0,
			    sizeof(ROWS) / sizeof(ROWS[0]));
	tcase_add_test(tcase, long_options_are_cut);
}

int main(void)
{
	return run_suite("startup", NULL, NULL, add_tests);
}
