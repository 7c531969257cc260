/* SPDX-License-Identifier: MIT */
/* The server's own lines: their form, what cannot break it, and that they have an end. */
#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "tests/unit/run_suite.h"
#include "tools/server/common/journal.h"

#define READ_MAX (256 * 1024)

static struct journal journal;
static int ends[2];
static char said[READ_MAX];

static void set_up(void)
{
	ck_assert_int_eq(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	journal_init(&journal, ends[1], false);
}

static void tear_down(void)
{
	close(ends[0]);
	close(ends[1]);
}

static const char *hear(void)
{
	ssize_t length = read(ends[0], said, sizeof(said) - 1);

	said[length > 0 ? length : 0] = '\0';
	return said;
}

static size_t count_lines(const char *text)
{
	size_t count = 0;

	while ((text = strchr(text, '\n')) != NULL) {
		text++;
		count++;
	}
	return count;
}

static const struct {
	const char *value, *shown;
} VALUES[] = {
	{ "plain", " why=plain\n" },
	{ "", " why=\"\"\n" },
	{ "two words", " why=\"two words\"\n" },
	{ "a=b", " why=\"a=b\"\n" },
	{ "say \"no\"", " why=\"say \\\"no\\\"\"\n" },
	{ "x\n2026-11-23T10:00:00Z error failed",
	  " why=\"x\\x0a2026-11-23T10:00:00Z error failed\"\n" },
	{ "\x1b[31m", " why=\\x1b[31m\n" },
	{ "\xe2\x80\xae", " why=\\u{202e}\n" },
	{ "\xff", " why=\\xff\n" },
};

START_TEST(no_value_ends_a_line_or_controls_a_terminal)
{
	const struct journal_pair pair = { "why", JOURNAL_TEXT(VALUES[_i].value) };

	journal_write(&journal, JOURNAL_FAILED, &pair, 1);
	const char *line = hear();
	ck_assert_uint_eq(count_lines(line), 1);
	ck_assert_str_eq(line + strlen("2026-11-23T10:00:00Z error failed"), VALUES[_i].shown);
}
END_TEST

START_TEST(a_line_has_an_end)
{
	static char text[100000];
	const struct journal_pair pair = { "why", JOURNAL_TEXT(text) };

	memset(text, 'x', sizeof(text) - 1);
	journal_write(&journal, JOURNAL_FAILED, &pair, 1);
	const char *line = hear();
	ck_assert_uint_eq(count_lines(line), 1);
	ck_assert_uint_lt(strlen(line), 300);
}
END_TEST

START_TEST(what_happens_often_is_counted_and_hides_nothing_else)
{
	for (int i = 0; i < 100000; i++)
		journal_write(&journal, JOURNAL_REFUSED, NULL, 0);
	ck_assert_uint_eq(count_lines(hear()), 20);
	journal_write(&journal, JOURNAL_FAILED, NULL, 0);
	ck_assert_ptr_nonnull(strstr(hear(), " error failed\n"));
	journal.throttles[JOURNAL_REFUSED].empty_ns = 0;
	journal_write(&journal, JOURNAL_REFUSED, NULL, 0);
	ck_assert_ptr_nonnull(strstr(hear(), " warning refused left_out=99980\n"));
	journal_write(&journal, JOURNAL_REFUSED, NULL, 0);
	ck_assert_ptr_nonnull(strstr(hear(), " warning refused\n"));
}
END_TEST

START_TEST(nobody_waits_for_those_who_do_not_read)
{
	static const char FULL[4096];

	while (write(ends[1], FULL, sizeof(FULL)) > 0)
		continue;
	fcntl(ends[1], F_SETFL, 0);
	journal_write(&journal, JOURNAL_FAILED, NULL, 0);
	while (hear()[0] == '\0' && read(ends[0], said, sizeof(said)) > 0)
		continue;
	journal_write(&journal, JOURNAL_FAILED, NULL, 0);
	ck_assert_ptr_nonnull(strstr(hear(), " error failed left_out=1\n"));
}
END_TEST

START_TEST(quiet_is_all_but_errors)
{
	journal_init(&journal, ends[1], true);
	journal_write(&journal, JOURNAL_SERVES, NULL, 0);
	journal_write(&journal, JOURNAL_REFUSED, NULL, 0);
	ck_assert_str_eq(hear(), "");
	journal_write(&journal, JOURNAL_FAILED, NULL, 0);
	ck_assert_uint_eq(count_lines(hear()), 1);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_loop_test(tests, no_value_ends_a_line_or_controls_a_terminal, 0,
			    (int)COUNT_OF(VALUES));
	tcase_add_test(tests, a_line_has_an_end);
	tcase_add_test(tests, what_happens_often_is_counted_and_hides_nothing_else);
	tcase_add_test(tests, nobody_waits_for_those_who_do_not_read);
	tcase_add_test(tests, quiet_is_all_but_errors);
}

int main(void)
{
	return run_suite("journal", set_up, tear_down, add_tests);
}
