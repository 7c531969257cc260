/* SPDX-License-Identifier: MIT */
/* The YAML tree: its places, its bounds, and what it refuses. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/buf.h"
#include "policy/engine/yaml_node.h"
#include "tests/unit/run_suite.h"

static struct arena *memory;
static struct error error;

static void start(void)
{
	memory = arena_new(YAML_MEMORY_MAX);
	ck_assert_ptr_nonnull(memory);
	error = (struct error){ 0 };
}

static void stop(void)
{
	arena_free(memory);
}

static const struct yaml_node *read_or_fail(struct slice text)
{
	const struct yaml_node *root = NULL;

	ck_assert_msg(yaml_read(memory, text, &root, &error) == 0, "%d:%d %s", error.line,
		      error.column, error.text);
	return root;
}

static const struct {
	const char *text;
	uint32_t line, column; /* of the value of `k` */
} PLACES[] = {
	{ "k: v", 1, 4 },
	{ "a: 1\nk:   v\n", 2, 6 },
	{ "a: \xc3\xa4\xe2\x82\xac\nk: v", 2, 4 },
	{ "{ \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80: x, k: v }", 1, 20 },
	{ "a: 1\r\nb: \xc3\xa4\r\nk: v\r\n", 3, 4 },
	{ "\xef\xbb\xbf"
	  "a: 1\nk: v\n",
	  2, 4 },
	{ "a: \"\xc3\xa4\n  \xc3\xa4\"\nk: v", 3, 4 },
	{ "k:\n  - v", 2, 3 },
	{ "# \xc3\xa4\n{ a: [\xc3\xa4, \xc3\xa4], k: 'v' }", 2, 19 },
};

START_TEST(places_are_counted_in_bytes)
{
	const struct yaml_node *root = read_or_fail(slice_of(PLACES[_i].text));
	const struct yaml_pair *pair = yaml_find(root, "k");

	ck_assert_ptr_nonnull(pair);
	ck_assert_uint_eq(pair->value->line, PLACES[_i].line);
	ck_assert_uint_eq(pair->value->column, PLACES[_i].column);
}
END_TEST

START_TEST(quoted_and_plain_scalars_are_told_apart)
{
	const struct yaml_node *root =
		read_or_fail(SLICE("- a\n- 'a'\n- \"a\"\n-\n- ''\n- |\n a\n"));
	static const bool IS_PLAIN[] = { true, false, false, true, false, false };

	ck_assert_uint_eq(root->count, COUNT_OF(IS_PLAIN));
	for (size_t i = 0; i < COUNT_OF(IS_PLAIN); i++)
		ck_assert_int_eq(root->of.items[i]->is_plain, IS_PLAIN[i]);
	ck_assert(yaml_is_absent(root->of.items[3]) && !yaml_is_absent(root->of.items[4]));
	ck_assert_str_eq(root->of.items[5]->of.text, "a\n");
}
END_TEST

/* `levels` aliases inside one another, each standing once. */
static void add_nested(struct buf *text, int levels)
{
	buf_add_text(text, "- &l0 x\n");
	for (int i = 1; i <= levels; i++)
		buf_printf(text, "- &l%d [*l%d]\n", i, i - 1);
}

START_TEST(aliases_are_eight_deep_and_not_deeper)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(10 * KIB);
	const struct yaml_node *root;

	add_nested(&text, 8);
	read_or_fail(buf_view(&text));
	add_nested(&text, 9);
	ck_assert_int_eq(yaml_read(memory, buf_view(&text), &root, &error), -EINVAL);
}
END_TEST

START_TEST(aliases_repeat_ten_thousand_values_and_no_more)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(MIB);
	const struct yaml_node *root;

	/* A list of 99 and itself: 100 values each time. */
	buf_add_text(&text, "- &a [");
	for (int i = 0; i < 99; i++)
		buf_add_text(&text, "x,");
	buf_add_text(&text, "]\n");
	for (int i = 0; i < 100; i++)
		buf_add_text(&text, "- *a\n");
	ck_assert_uint_eq(read_or_fail(buf_view(&text))->size, 1 + 100 + 100 * 100);
	buf_add_text(&text, "- *a\n");
	ck_assert_int_eq(yaml_read(memory, buf_view(&text), &root, &error), -EINVAL);
	ck_assert_int_eq(error.line, 102);
}
END_TEST

START_TEST(values_are_counted)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(MIB);
	const struct yaml_node *root;

	buf_add_char(&text, '[');
	for (int i = 0; i < YAML_NODES_MAX - 1; i++)
		buf_add_text(&text, "1,");
	size_t length = text.length;
	buf_add_char(&text, ']');
	read_or_fail(buf_view(&text));
	buf_truncate(&text, length);
	buf_add_text(&text, "1]");
	ck_assert_int_eq(yaml_read(memory, buf_view(&text), &root, &error), -EINVAL);
	ck_assert_str_eq(error.text, "the text has more than 200000 values");
}
END_TEST

/* Texts of a megabyte that are made to be slow to read: one unit, again and again. */
static const char *const SLOW[] = {
	"[",         "{",     "- ",           "? ",          "a: ",
	"\xc3\xa4,", "&a ",   "*a ",          "'",           "\"\\x",
	"#",         "\n",    "a\n",          "- a\n",       "k: &a [x]\n",
	"!",         "%",     "|\n",          "[\xc3\xa4],", "{a: b},",
	"a: b: ",    "---\n", "\xef\xbb\xbf", "- - - -\n",   "? a\n",
};

START_TEST(no_text_of_a_megabyte_takes_long)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(MIB);
	const struct yaml_node *root;
	static const char *const STARTS[] = { "", "[", "{ a: [" };

	for (size_t i = 0; i < COUNT_OF(STARTS); i++) {
		clock_t begin = clock();

		buf_clear(&text);
		buf_add_text(&text, STARTS[i]);
		while (text.length + strlen(SLOW[_i]) <= MIB)
			buf_add_text(&text, SLOW[_i]);
		if (yaml_read(memory, buf_view(&text), &root, &error) < 0)
			ck_assert_msg(error.text[0] != '\0', "no words");
		double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
		ck_assert_msg(seconds < 10, "'%s' behind '%s' takes %.1f s", SLOW[_i], STARTS[i],
			      seconds);
	}
}
END_TEST

START_TEST(keys_are_found_and_repeated_ones_refused_among_many)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(MIB);
	const struct yaml_node *root;

	for (int i = 0; i < 30000; i++)
		buf_printf(&text, "key%d: v\n", i);
	ck_assert_ptr_nonnull(yaml_find(read_or_fail(buf_view(&text)), "key29999"));
	ck_assert_ptr_null(yaml_find(read_or_fail(buf_view(&text)), "key"));
	buf_add_text(&text, "key17: v\n");
	ck_assert_int_eq(yaml_read(memory, buf_view(&text), &root, &error), -EINVAL);
	ck_assert_int_eq(error.line, 30001);
	ck_assert_str_eq(error.text,
			 "the key 'key17' stands here a second time; the first is in line 18");
}
END_TEST

static const char *const NOT_UTF8[] = { "a: \xff",   "a: \xc0\x80", "a: \xed\xa0\x80",
					"\xff\xfe:", "a: \xe2\x82", "\xc3" };

START_TEST(what_is_not_utf8_is_refused_where_it_begins)
{
	const struct yaml_node *root;

	ck_assert_int_eq(yaml_read(memory, slice_of(NOT_UTF8[_i]), &root, &error), -EILSEQ);
	ck_assert_int_eq(error.line, 1);
	ck_assert_int_eq(error.column, _i == 3 || _i == 5 ? 1 : 4);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, places_are_counted_in_bytes, 0, COUNT_OF(PLACES));
	tcase_add_test(tcase, quoted_and_plain_scalars_are_told_apart);
	tcase_add_test(tcase, aliases_are_eight_deep_and_not_deeper);
	tcase_add_test(tcase, aliases_repeat_ten_thousand_values_and_no_more);
	tcase_add_test(tcase, values_are_counted);
	tcase_add_loop_test(tcase, no_text_of_a_megabyte_takes_long, 0, COUNT_OF(SLOW));
	tcase_add_test(tcase, keys_are_found_and_repeated_ones_refused_among_many);
	tcase_add_loop_test(tcase, what_is_not_utf8_is_refused_where_it_begins, 0,
			    COUNT_OF(NOT_UTF8));
}

int main(void)
{
	return run_suite("yaml", start, stop, add_tests);
}
