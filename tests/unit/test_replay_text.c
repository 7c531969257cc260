/* SPDX-License-Identifier: MIT */
/* A recorded shape becomes a text that can be analysed, with literals where there were some. */
#include <check.h>

#include "policy/core/template.h"
#include "tests/unit/run_suite.h"
#include "tools/chaperone/replay_text.h"

static const struct {
	const char *sql, *same, *distinct, *strings;
	size_t literals;
	bool has_position;
} CASES[] = {
	{ "SELECT 1", "SELECT  1 ", "SELECT  1 ", "SELECT  '1' ", 1, false },
	{ "SELECT a+5*7 FROM t", "SELECT a+ 1 * 1  FROM t", "SELECT a+ 1 * 2  FROM t",
	  "SELECT a+ '1' * '1'  FROM t", 2, false },
	{ "SELECT * FROM t WHERE a='x'", "SELECT * FROM t WHERE a= 1 ",
	  "SELECT * FROM t WHERE a= 1 ", "SELECT * FROM t WHERE a= '1' ", 1, false },
	{ "UPDATE t SET a = 1 WHERE 3=3", "UPDATE t SET a =  1  WHERE  1 = 1 ",
	  "UPDATE t SET a =  1  WHERE  2 = 3 ", "UPDATE t SET a =  '1'  WHERE  '1' = '1' ", 3,
	  false },
	{ "SELECT date '2020-01-01'", "SELECT date  '1' ", "SELECT date  '1' ", "SELECT date  '1' ",
	  1, false },
	{ "SELECT data ? 'key', data ? $1", "SELECT data ?  1 , data ? $1",
	  "SELECT data ?  1 , data ? $1", "SELECT data ?  '1' , data ? $1", 1, false },
	{ "SELECT a ?| ARRAY['x']", "SELECT a ?| ARRAY[ 1 ]", "SELECT a ?| ARRAY[ 1 ]",
	  "SELECT a ?| ARRAY[ '1' ]", 1, false },
	{ "SELECT \"a?b\" FROM t", "SELECT \"a?b\" FROM t", "SELECT \"a?b\" FROM t",
	  "SELECT \"a?b\" FROM t", 0, false },
	{ "SELECT a FROM t ORDER BY b, 2 LIMIT 3", "SELECT a FROM t ORDER BY b,  1  LIMIT  1 ",
	  "SELECT a FROM t ORDER BY b,  1  LIMIT  2 ",
	  "SELECT a FROM t ORDER BY b,  '1'  LIMIT  '1' ", 2, true },
	{ "SELECT a FROM t ORDER BY b LIMIT 3", "SELECT a FROM t ORDER BY b LIMIT  1 ",
	  "SELECT a FROM t ORDER BY b LIMIT  1 ", "SELECT a FROM t ORDER BY b LIMIT  '1' ", 1,
	  false },
	{ "DO $x$ BEGIN END $x$", "DO  '1' ", "DO  '1' ", "DO  '1' ", 1, false },
	{ "SELECT $1", "SELECT $1", "SELECT $1", "SELECT $1", 0, false },
};

static struct slice shape_of(const char *sql, struct buf *out)
{
	const struct lexing lexing = { .standard_conforming_strings = true, .is_ascii_safe = true };

	ck_assert_int_eq(template_shape(slice_of(sql), lexing, 4096, out), 0);
	return buf_view(out);
}

START_TEST(literals_stand_where_there_were_some)
{
	const char *const texts[] = { CASES[_i].same, CASES[_i].distinct, CASES[_i].strings };
	SCOPED(buf_done) struct buf shape = BUF_MAX(64 * KIB);
	struct slice kept = shape_of(CASES[_i].sql, &shape);

	ck_assert(replay_is_whole(kept));
	for (int values = 0; values < REPLAY_VALUES_COUNT; values++) {
		SCOPED(buf_done) struct buf text = BUF_MAX(64 * KIB);
		struct replay_text found;

		replay_text_write(kept, (enum replay_values)values, &text, &found);
		ck_assert_str_eq(buf_text(&text), texts[values]);
		ck_assert_uint_eq(found.literals, CASES[_i].literals);
		ck_assert_int_eq(found.has_position, CASES[_i].has_position);
	}
}
END_TEST

START_TEST(what_is_not_all_there_is_not_whole)
{
	SCOPED(buf_done) struct buf cut = BUF_MAX(64 * KIB);

	for (int i = 0; i < 4096; i++)
		buf_add_char(&cut, 'a');
	ck_assert(!replay_is_whole(buf_view(&cut)));
	ck_assert(!replay_is_whole(SLICE("")));
	ck_assert(!replay_is_whole(SLICE("(no statement text)")));
	ck_assert(!replay_is_whole(SLICE("(text too large to be taken down)")));
	ck_assert(!replay_is_whole(SLICE("SELECT \xe2\x80\xa6")));
	ck_assert(replay_is_whole(SLICE("SELECT ?")));
}
END_TEST

START_TEST(any_bytes_end)
{
	static const struct slice TEXTS[] = { { "?", 1 },    { "$?$", 3 },  { "?\0?", 3 },
					      { "'", 1 },    { "\xff", 1 }, { "???$?$??", 8 },
					      { "$?$?", 4 }, { "$?", 2 } };

	for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
		SCOPED(buf_done) struct buf text = BUF_MAX(64 * KIB);
		struct replay_text found;

		replay_text_write(TEXTS[i], REPLAY_SAME, &text, &found);
		ck_assert_int_eq(text.failed, 0);
	}
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, literals_stand_where_there_were_some, 0, COUNT_OF(CASES));
	tcase_add_test(tcase, what_is_not_all_there_is_not_whole);
	tcase_add_test(tcase, any_bytes_end);
}

int main(void)
{
	return run_suite("replay_text", NULL, NULL, add_tests);
}
