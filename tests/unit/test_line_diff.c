/* SPDX-License-Identifier: MIT */
/* Unit tests for differences of texts, line by line, and of archives, file by file. */
#include <check.h>

#include "tests/unit/run_suite.h"
#include "tools/policy/changes.h"
#include "tools/policy/line_diff.h"

static const struct {
	const char *from, *to, *hunks;
} DIFFS[] = {
	{ "", "", "" },
	{ "a\n", "a\n", "" },
	{ "", "a\n", "@@ -0,0 +1,1 @@\n+a\n" },
	{ "a\n", "", "@@ -1,1 +0,0 @@\n-a\n" },
	{ "a\n", "b\n", "@@ -1,1 +1,1 @@\n-a\n+b\n" },
	{ "a", "a\n", "@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+a\n" },
	{ "1\n2\n3\n4\n5\n6\n", "1\n2\n3\n4\n6\n", "@@ -2,5 +2,4 @@\n 2\n 3\n 4\n-5\n 6\n" },
	{ "a\nb\nc\n", "c\na\nb\n", "@@ -1,3 +1,3 @@\n+c\n a\n b\n-c\n" },
	{ "a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n",
	  "@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n" },
	{ "a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n",
	  "@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n" },
};

START_TEST(tells_what_differs)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(MIB);

	ck_assert_int_eq(line_diff(slice_of(DIFFS[_i].from), slice_of(DIFFS[_i].to), &out), 0);
	ck_assert_str_eq(buf_text(&out), DIFFS[_i].hunks);
}
END_TEST

#define SIDE_LINES 3000

/* Neither side may be left out where there is too much to compare. */
START_TEST(tells_all_of_what_is_too_long_to_compare)
{
	SCOPED(buf_done) struct buf from = BUF_MAX(MIB);
	SCOPED(buf_done) struct buf to = BUF_MAX(MIB);
	SCOPED(buf_done) struct buf out = BUF_MAX(MIB);
	size_t gone = 0, come = 0;

	for (int i = 0; i < SIDE_LINES; i++) {
		buf_printf(&from, "a%d\n", i);
		buf_printf(&to, "b%d\n", i);
	}
	ck_assert_int_eq(line_diff(buf_view(&from), buf_view(&to), &out), 0);
	struct slice rest = buf_view(&out);
	ck_assert(slice_is(slice_cut(&rest, '\n'), "@@ -1,3000 +1,3000 @@"));
	while (rest.length > 0) {
		struct slice line = slice_cut(&rest, '\n');

		gone += line.at[0] == '-';
		come += line.at[0] == '+';
	}
	ck_assert_uint_eq(gone, SIDE_LINES);
	ck_assert_uint_eq(come, SIDE_LINES);
}
END_TEST

#define HEAD "chaperone.source/v1\n"

START_TEST(tells_files_in_the_order_of_names)
{
	SCOPED(changes_done) struct changes changes = { NULL, 0 };
	SCOPED(buf_done) struct buf out = BUF_MAX(MIB);
	struct slice from = SLICE(HEAD "a.yaml 2\n1\nb.yaml 2\n2\nc.yaml 2\n3\n");
	struct slice to = SLICE(HEAD "b.yaml 2\n9\nc.yaml 2\n3\nd.yaml 2\n4\n");

	ck_assert_int_eq(changes_find(from, to, &changes), 0);
	ck_assert_int_eq(changes_diff(&changes, "old", "new", &out), 0);
	ck_assert_str_eq(buf_text(&out),
			 "--- a.yaml  old\n+++ /dev/null  new\n@@ -1,1 +0,0 @@\n-1\n"
			 "--- b.yaml  old\n+++ b.yaml  new\n@@ -1,1 +1,1 @@\n-2\n+9\n"
			 "--- /dev/null  old\n+++ d.yaml  new\n@@ -0,0 +1,1 @@\n+4\n");
}
END_TEST

START_TEST(takes_no_damaged_archive)
{
	struct changes changes = { NULL, 0 };
	struct slice good = SLICE(HEAD "a.yaml 2\n1\n");

	for (size_t length = 1; length < good.length; length++) {
		struct slice cut = slice_part(good, 0, length);

		if (length == sizeof(HEAD) - 1)
			continue;
		ck_assert_int_lt(changes_find(cut, good, &changes), 0);
		ck_assert_int_lt(changes_find(good, cut, &changes), 0);
	}
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_loop_test(tests, tells_what_differs, 0, COUNT_OF(DIFFS));
	tcase_add_test(tests, tells_all_of_what_is_too_long_to_compare);
	tcase_add_test(tests, tells_files_in_the_order_of_names);
	tcase_add_test(tests, takes_no_damaged_archive);
}

int main(void)
{
	return run_suite("line_diff", NULL, NULL, add_tests);
}
