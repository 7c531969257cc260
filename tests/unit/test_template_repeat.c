/* SPDX-License-Identifier: MIT */
/* A text that repeats another one with other literals is noticed, and nothing else is taken for
 * one. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "policy/core/template.h"
#include "tests/unit/run_suite.h"

static const struct lexing STANDARD = { true, true };

static bool repeats(const char *first, const char *text)
{
	SCOPED(buf_done) struct buf template = BUF_MAX(10000);
	struct template_literals literals;

	ck_assert_msg(template_make(slice_of(first), STANDARD, &template, &literals) == 0, "%s",
		      first);
	return template_repeats(slice_of(first), &literals, slice_of(text));
}

static const struct {
	const char *first, *text;
} REPEATED[] = {
	{ "", "" },
	{ "BEGIN", "BEGIN" },
	{ "SELECT a FROM t WHERE id = 5;", "SELECT a FROM t WHERE id = 123456789;" },
	{ "SELECT a FROM t WHERE id = 5", "SELECT a FROM t WHERE id = 0" },
	{ "UPDATE t SET a = 1, b = 'x' WHERE c = 'y'",
	  "UPDATE t SET a = 22, b = '' WHERE c = 'a; b -- c'" },
	{ "SELECT 1..10, a[1:2], -3", "SELECT 33..4, a[5:66], -7" },
	{ "SELECT '1'\n, 2 LIMIT 3", "SELECT 'x'\n, 4 LIMIT 3" },
	{ "SELECT 1.5, 'it''s', b'01', 99999999999, 1",
	  "SELECT 1.5, 'it''s', b'01', 99999999999, 2" },
	{ "SELECT 1,2,3,4,5,6,7,8,9", "SELECT 9,9,9,9,9,9,9,9,9" },
};

START_TEST(other_simple_literals_are_a_repetition)
{
	ck_assert_msg(repeats(REPEATED[_i].first, REPEATED[_i].text), "%s", REPEATED[_i].text);
}
END_TEST

static const struct {
	const char *first, *text;
} NOT_REPEATED[] = {
	{ "SELECT 1", "" },
	{ "SELECT 1", "SELECT " },
	{ "SELECT 1", "SELECT 1 " },
	{ "SELECT 1", "SELECT '1'" },
	{ "SELECT 1", "SELECT 1234567890" },
	{ "SELECT 1", "SELECT 1.5" },
	{ "SELECT 1", "SELECT 1e5" },
	{ "SELECT 1", "SELECT 1a" },
	{ "SELECT 1", "SELECT 1; DROP TABLE t" },
	{ "SELECT 1 FROM t", "SELECT 1 FROM u" },
	{ "SELECT 'a'", "SELECT 'a" },
	{ "SELECT 'a'", "SELECT 'a'''" },
	{ "SELECT 'a'", "SELECT 'a\\'" },
	{ "SELECT 'a'", "SELECT 'a'; DROP TABLE t; --'" },
	{ "SELECT 'a'", "SELECT 'a'--\n'b'" },
	{ "SELECT 'a'", "SELECT '\xc3\xa4'" },
	{ "SELECT 'a', b", "SELECT 'a', c" },
	{ "SELECT a FROM t LIMIT 5", "SELECT a FROM t LIMIT 50" },
	{ "SELECT a FROM t ORDER BY 1", "SELECT a FROM t ORDER BY 2" },
	{ "SELECT x'01'", "SELECT x'02'" },
	{ "SELECT $1", "SELECT $2" },
	{ "SELECT a1", "SELECT a2" },
	{ "SELECT \"1\"", "SELECT \"2\"" },
	{ "SELECT $$1$$", "SELECT $$2$$" },
	{ "SELECT 1 /* 2 */", "SELECT 1 /* 3 */" },
	{ "SELECT 1,2,3,4,5,6,7,8,9", "SELECT 1,2,3,4,5,6,7,8,8" },
};

START_TEST(anything_else_is_none)
{
	ck_assert_msg(!repeats(NOT_REPEATED[_i].first, NOT_REPEATED[_i].text), "%s",
		      NOT_REPEATED[_i].text);
}
END_TEST

START_TEST(a_nul_ends_no_string)
{
	SCOPED(buf_done) struct buf template = BUF_MAX(100);
	struct template_literals literals;

	ck_assert_int_eq(template_make(SLICE("SELECT 'a'"), STANDARD, &template, &literals), 0);
	ck_assert(!template_repeats(SLICE("SELECT 'a'"), &literals, SLICE("SELECT '\0'")));
}
END_TEST

static unsigned next_random(unsigned *seed, unsigned below)
{
	*seed = *seed * 1103515245u + 12345u;
	return (*seed >> 16) % below;
}

static void add_parts(struct buf *text, unsigned *seed, unsigned count)
{
	static const char *const PARTS[] = {
		"'a'", "'b''c'", "''",     "'",         "1",        "23", "1234567890", ".", "e",
		"e5",  "x",      "x'1'",   "$",         "$$",       "$1", "\"q\"",      " ", "\n",
		"--",  "/*",     "*/",     "-",         "+",        ":",  "(",          ")", ",",
		";",   "\\",     "limit ", "order by ", "\xc3\xa4", "E'",
	};

	while (count-- > 0)
		buf_add_text(text, PARTS[next_random(seed, COUNT_OF(PARTS))]);
}

/* `first` with one of its literals replaced by parts. */
static void replace_one(struct buf *text, struct slice first,
			const struct template_literals *literals, unsigned *seed)
{
	unsigned which = next_random(seed, literals->count);

	buf_clear(text);
	buf_add_slice(text, slice_part(first, 0, literals->at[which].begin));
	add_parts(text, seed, 1 + next_random(seed, 2));
	buf_add_slice(text, slice_part(first, literals->at[which].end, first.length));
}

/* In every lexing, what is taken for a repetition has the template of the first. */
START_TEST(random_repetitions_have_the_same_template)
{
	struct lexing lexing = { _i & 1, _i & 2 };
	SCOPED(buf_done) struct buf first = BUF_MAX(1000), text = BUF_MAX(1000);
	SCOPED(buf_done) struct buf template = BUF_MAX(1000), other = BUF_MAX(1000);
	struct template_literals literals, ignored;
	unsigned seed = 7, count = 0;

	for (int i = 0; i < 300000; i++) {
		buf_clear(&first);
		add_parts(&first, &seed, 7);
		if (template_make(buf_view(&first), lexing, &template, &literals) < 0 ||
		    literals.count == 0)
			continue;
		replace_one(&text, buf_view(&first), &literals, &seed);
		if (!template_repeats(buf_view(&first), &literals, buf_view(&text)))
			continue;
		count++;
		ck_assert_msg(template_make(buf_view(&text), lexing, &other, &ignored) == 0, "%s",
			      buf_text(&text));
		ck_assert_msg(slice_equal(buf_view(&template), buf_view(&other)), "%s\n%s",
			      buf_text(&first), buf_text(&text));
	}
	ck_assert_uint_gt(count, 500);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, other_simple_literals_are_a_repetition, 0, COUNT_OF(REPEATED));
	tcase_add_loop_test(tcase, anything_else_is_none, 0, COUNT_OF(NOT_REPEATED));
	tcase_add_test(tcase, a_nul_ends_no_string);
	tcase_add_loop_test(tcase, random_repetitions_have_the_same_template, 0, 4);
}

int main(void)
{
	return run_suite("template_repeat", NULL, NULL, add_tests);
}
