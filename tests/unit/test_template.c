/* SPDX-License-Identifier: MIT */
/* Templates join texts that differ in literals alone; shapes show no literal. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "policy/core/template.h"
#include "tests/unit/run_suite.h"

static const struct lexing STANDARD = { true, true };

static void template_of(const char *text, struct buf *out)
{
	ck_assert_msg(template_make(slice_of(text), STANDARD, out, NULL) == 0, "%s", text);
}

#define S "\x01" /* string */
#define I "\x02" /* int4 */
#define L "\x03" /* int8 */
#define N "\x04" /* numeric */
#define B "\x05" /* bits */

static const struct {
	const char *text, *template;
} MADE[] = {
	{ "", "" },
	{ "SELECT a FROM T WHERE id = 5;", "select a from t where id=" I ";" },
	{ " \t\nselect  a\rfrom t -- c\n where /* x /* y */ z */ id=7 ; -- end",
	  "select a from t where id=" I ";" },
	{ "SELECT 'a', '', 'it''s', $$x$$, $t$ $$ ' $t$", "select " S "," S "," S "," S "," S },
	{ "SELECT \"A b\" , \"x\"\"y\"", "select \"A b\",\"x\"\"y\"" },
	{ "SELECT 0, 2147483647, 0000000000000000000000001", "select " I "," I "," I },
	{ "SELECT 2147483649, 9223372036854775807", "select " L "," L },
	{ "SELECT 9223372036854775809, 1.5, .5, 1., 1e3, 1.5E-3",
	  "select " N "," N "," N "," N "," N "," N },
	/* With a minus sign these two have a smaller type. */
	{ "SELECT -2147483648, -9223372036854775808", "select-2147483648,-9223372036854775808" },
	{ "SELECT b'01', X'1F'", "select " B "," B },
	/* Two quotes end one bit string and begin another string. */
	{ "SELECT b'01''a', x''''", "select " B S "," B S },
	{ "SELECT $1, $22 , a$1", "select $1,$22,a$1" },
	{ "SELECT a::int4, b :: text", "select a::int4,b :: text" },
	{ "SELECT a[1:2], x.y , x . y", "select a[" I ":" I "],x.y,x . y" },
	{ "SELECT 1..10", "select " I ".." I },
	{ "SELECT a+-1, a - -1, a-/**/-1", "select a+-" I ",a- -" I ",a- -" I },
	{ "SELECT @ -1, a||'x'", "select@ -" I ",a||" S },
	{ "SELECT a+/*x*/b, a<--1\nc", "select a+b,a<c" },
	{ "SELECT date '2020-01-01', interval '1 day'", "select date " S ",interval " S },
	{ "SELECT \xc3\x84"
	  "B",
	  "select \xc3\x84"
	  "b" },
	/* Numbers that have to stay. */
	{ "SELECT 1 LIMIT 5 OFFSET 10", "select " I " limit 5 offset 10" },
	{ "SELECT 1 FETCH FIRST 5 ROWS ONLY", "select " I " fetch first 5 rows only" },
	{ "SELECT a,2 FROM t WHERE b=3 ORDER BY 1, f(2), 'x'",
	  "select a," I " from t where b=" I " order by 1,f(2)," S },
	{ "SELECT a FROM (SELECT b ORDER BY 1) x WHERE c=1",
	  "select a from(select b order by 1)x where c=" I },
	{ "SELECT a FROM t GROUP BY 2 HAVING count(*)>3",
	  "select a from t group by 2 having count(*)>3" },
	{ "SELECT DISTINCT ON (1) a,2 FROM t", "select distinct on(1)a,2 from t" },
	{ "SELECT DISTINCT a,2 FROM t JOIN u ON 1=1",
	  "select distinct a," I " from t join u on " I "=" I },
	{ "SELECT 1::float(24), 2", "select " I "::float(24)," I },
	{ "SELECT 1::float, 2", "select " I "::float," I },
	{ "SELECT sum(a) OVER (ORDER BY 1), 2) ORDER BY 3",
	  "select sum(a)over(order by 1)," I ")order by 3" },
};

START_TEST(template_is_made_as_promised)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(1000);

	template_of(MADE[_i].text, &out);
	ck_assert_str_eq(buf_text(&out), MADE[_i].template);
}
END_TEST

static const char *const DIFFERENT[][2] = {
	{ "select a b", "select ab" },
	{ "select a", "select \"a\"" },
	{ "select \"a\"", "select \"A\"" },
	{ "select 1", "select '1'" },
	{ "select 1", "select 2147483649" },
	{ "select 1", "select 1.0" },
	{ "select 2147483648", "select 2147483649" },
	{ "select b'1'", "select '1'" },
	{ "select $1", "select $2" },
	{ "select a order by 1", "select a order by 2" },
	{ "select a order by 1.5", "select a order by 1 . 5" },
	{ "select a group by b, 1", "select a group by b, 2" },
	{ "select a limit 5", "select a limit 500000" },
	{ "select a offset 5", "select a offset 6" },
	{ "select distinct on (1) a, b", "select distinct on (2) a, b" },
	{ "select 1::float(24)", "select 1::float(25)" },
	{ "select a from t where x in (1)", "select a from t where x in (1,2)" },
	{ "select - -1", "select --1\n" },
	{ "select a - - b", "select a -- b" },
	{ "select 'x' a", "select 'x' as a" },
	{ "select a.b", "select a. b" },
	{ "select 1 ; select 2", "select 1 select 2" },
	{ "select a/*x*/b", "select ab" },
	{ "select $$a$$", "select $1" },
	{ "select date '1'", "select date" },
};

START_TEST(texts_with_another_meaning_have_another_template)
{
	SCOPED(buf_done) struct buf a = BUF_MAX(1000), b = BUF_MAX(1000);

	template_of(DIFFERENT[_i][0], &a);
	template_of(DIFFERENT[_i][1], &b);
	ck_assert_msg(!slice_equal(buf_view(&a), buf_view(&b)), "%s", buf_text(&a));
}
END_TEST

#define SIXTY "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

#define BYTES(literal)                                                                             \
	{                                                                                          \
		literal, sizeof(literal) - 1                                                       \
	}

static const struct slice REFUSED[] = {
	BYTES("select 'a\\b'"),
	BYTES("select 'a' 'b\\'"),
	BYTES("select e'a'"),
	BYTES("select E'a'"),
	BYTES("select u&'a'"),
	BYTES("select U&\"a\""),
	BYTES("select n'a'"),
	BYTES("select $$a\\b$$"),
	BYTES("select 'a'\n'b'"),
	BYTES("select 'a' -- c\n 'b'"),
	BYTES("select 1a"),
	BYTES("select 0x1f"),
	BYTES("select 1_000"),
	BYTES("select 1.5e"),
	BYTES("select 1e+"),
	BYTES("select $1a"),
	BYTES("select 1$1"),
	BYTES("select 'a"),
	BYTES("select \"a"),
	BYTES("select $$a"),
	BYTES("select $a$ $b$"),
	BYTES("select /* /* */"),
	BYTES("select \\d"),
	BYTES("select a\0b"),
	BYTES("select 'a\0b'"),
	BYTES("select \x01"),
	BYTES("select \"\x01\""),
	BYTES("select \x0b 1"),
	BYTES("select {x}"),
	BYTES("select \xff"),
	BYTES("select \xc3"),
	BYTES("select \"\""),
	BYTES("select $"),
	BYTES("select $a"),
	BYTES("select " SIXTY "aaaa"),
	BYTES("select \"" SIXTY "aaaa\""),
	BYTES("select x'1"),
	BYTES("select b'1'\n'1'"),
};

START_TEST(what_is_unusual_has_no_template)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(1000);

	ck_assert_int_eq(template_make(REFUSED[_i], STANDARD, &out, NULL), -ENOTSUP);
	ck_assert_uint_eq(out.length, 0);
}
END_TEST

START_TEST(the_longest_identifier_still_has_a_template)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(1000);

	template_of("select " SIXTY "aaa, \"" SIXTY "bbb\"", &out);
}
END_TEST

START_TEST(session_decides_what_is_certain)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(1000);
	struct lexing escaping = { false, true }, unsafe = { true, false };

	ck_assert_int_eq(template_make(SLICE("select 'a'"), escaping, &out, NULL), 0);
	ck_assert_int_eq(
		template_make(SLICE("select '\\'; drop table t; --'"), escaping, &out, NULL),
		-ENOTSUP);
	ck_assert_int_eq(template_make(SLICE("select 'a'"), unsafe, &out, NULL), 0);
	ck_assert_int_eq(template_make(SLICE("select '\xc3\xa4'"), unsafe, &out, NULL), -ENOTSUP);
	ck_assert_int_eq(template_make(SLICE("select '\xc3\xa4'"), STANDARD, &out, NULL), 0);
	struct buf full = BUF_MAX(4);
	ck_assert_int_eq(template_make(SLICE("select 'a'"), STANDARD, &full, NULL), -E2BIG);
}
END_TEST

#define DOTS "\xe2\x80\xa6"

static const struct {
	const char *text, *shape;
	bool is_escaping;
} SHAPES[] = {
	{ "", "", false },
	{ "  SELECT  'a',\n 1.5 -- secret\n , x'1f' /* s /* t */ */ ;  ", "SELECT ?, ? , ? ;",
	  false },
	{ "ALTER ROLE x PASSWORD 'secret'", "ALTER ROLE x PASSWORD ?", false },
	{ "ALTER ROLE x PASSWORD 'sec''ret'", "ALTER ROLE x PASSWORD ?", false },
	{ "ALTER ROLE x PASSWORD 'secret", "ALTER ROLE x PASSWORD " DOTS, false },
	{ "ALTER ROLE x PASSWORD E'se\\'secret'", "ALTER ROLE x PASSWORD ?", false },
	{ "ALTER ROLE x PASSWORD E'a'\n 'b\\'secret'", "ALTER ROLE x PASSWORD ?", false },
	{ "ALTER ROLE x PASSWORD E'secret\\", "ALTER ROLE x PASSWORD " DOTS, false },
	{ "ALTER ROLE x PASSWORD U&'s\\0065cret'", "ALTER ROLE x PASSWORD ?", false },
	{ "ALTER ROLE x PASSWORD U&'s\\' y", "ALTER ROLE x PASSWORD ? y", false },
	{ "ALTER ROLE x PASSWORD U&'secret'", "ALTER ROLE x PASSWORD " DOTS, true },
	{ "ALTER ROLE x PASSWORD N'secret'", "ALTER ROLE x PASSWORD ?", false },
	{ "ALTER ROLE x PASSWORD 'a\\'secret'", "ALTER ROLE x PASSWORD ?secret" DOTS, false },
	{ "ALTER ROLE x PASSWORD 'a\\'secret'", "ALTER ROLE x PASSWORD ?", true },
	{ "ALTER ROLE x PASSWORD 'a'--\n'secret'", "ALTER ROLE x PASSWORD ?", false },
	{ "DO $body$ secret $$ $body$ LANGUAGE sql", "DO $?$ LANGUAGE sql", false },
	{ "DO $a$ secret $b$", "DO " DOTS, false },
	{ "SELECT $1, \"Name\", a.b::text", "SELECT $1, \"Name\", a.b::text", false },
	{ "SELECT 0x1f, 1_000, 1..10, 12abc", "SELECT ?, ?, ?..?, ?", false },
	{ "SELECT 1$$secret$$", "SELECT ?$?$", false },
	{ "SELECT 1a$$sec ret$$", "SELECT " DOTS, false },
	{ "SELECT $1a$$sec ret$$", "SELECT " DOTS, false },
	{ "a/* secret */b", "a b", false },
	{ "a /* secret", "a" DOTS, false },
	{ "SELECT gr\xc3\xb6\xc3\x9f"
	  "e \\ 'secret'",
	  "SELECT gr\xc3\xb6\xc3\x9f"
	  "e " DOTS,
	  false },
};

START_TEST(shape_shows_no_literal)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(1000);
	struct lexing lexing = { !SHAPES[_i].is_escaping, true };

	buf_add_text(&out, ">");
	ck_assert_int_eq(template_shape(slice_of(SHAPES[_i].text), lexing, 500, &out), 0);
	ck_assert_str_eq(buf_text(&out) + 1, SHAPES[_i].shape);
}
END_TEST

START_TEST(shape_is_cut_at_a_character)
{
	struct slice text = SLICE("SELECT gr\xc3\xb6\xc3\x9f"
				  "e, \xe2\x82\xac");

	for (size_t max = 0; max < 30; max++) {
		SCOPED(buf_done) struct buf out = BUF_MAX(1000);

		ck_assert_int_eq(template_shape(text, STANDARD, max, &out), 0);
		ck_assert(out.length <= max && slice_is_utf8(buf_view(&out)));
		ck_assert(max < text.length || slice_equal(buf_view(&out), text));
	}
}
END_TEST

START_TEST(where_bytes_may_be_half_characters_the_shape_ends)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(1000);
	struct lexing unsafe = { true, false };

	ck_assert_int_eq(template_shape(SLICE("SELECT '\x95\x5c', 'secret'"), unsafe, 100, &out),
			 0);
	ck_assert_str_eq(buf_text(&out), "SELECT " DOTS);
	buf_clear(&out);
	ck_assert_int_eq(template_shape(SLICE("SELECT a\0secret"), STANDARD, 100, &out), 0);
	ck_assert_str_eq(buf_text(&out), "SELECT a" DOTS);
}
END_TEST

/* No text of these parts may crash, run long, or let the word in the strings through. */
START_TEST(random_texts_keep_their_secret)
{
	static const char *const PARTS[] = {
		"'SECRET'",    "E'SEC\\'RET'", " ",          "\n", "--", "/*", "*/",
		" $$SECRET$$", "$a$",          "\"q\"",      "a",  "e",  "1",  ".",
		"-",           "'SECRET''S'",  "U&'SECRET'", "(",  ")",  "\\"
	};
	SCOPED(buf_done) struct buf text = BUF_MAX(10000), out = BUF_MAX(10000);
	unsigned seed = 1;

	for (int i = 0; i < 100000; i++) {
		buf_clear(&text);
		for (int k = 0; k < 8; k++) {
			seed = seed * 1103515245u + 12345u;
			buf_add_text(&text, PARTS[(seed >> 16) % COUNT_OF(PARTS)]);
		}
		if (template_make(buf_view(&text), STANDARD, &out, NULL) == 0)
			ck_assert_msg(!strstr(buf_text(&out), "secret") &&
					      !strstr(buf_text(&out), "SECRET"),
				      "%s", buf_text(&text));
		buf_clear(&out);
		ck_assert_int_eq(template_shape(buf_view(&text), STANDARD, 40, &out), 0);
		ck_assert_uint_le(out.length, 40);
	}
}
END_TEST

static const char *const UNITS[] = {
	"'",  "''", "'a' ", "'a'\n", "'a'--", "$", "$a",       "$$",   "$a$b", "/*",
	"*/", "/",  "-",    "--\n",  "\"",    "1", "1.",       ".",    "a",    "a ",
	"1e", "(",  "\\",   "E'\\",  "u&'",   "+", "\xc3\xa4", "\xff", "x'",   "$1",
};

START_TEST(worst_texts_take_linear_time)
{
	size_t length = 1 * MIB, unit = strlen(UNITS[_i]);
	SCOPED(free_p) char *text = malloc(length);
	SCOPED(buf_done) struct buf out = BUF_MAX(4 * MIB);
	struct slice whole = { text, length };
	struct timespec begin, end;

	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i < length; i++)
		text[i] = UNITS[_i][i % unit];
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	int r = template_make(whole, STANDARD, &out, NULL);
	ck_assert(r == 0 || r == -ENOTSUP);
	buf_clear(&out);
	ck_assert_int_eq(template_shape(whole, STANDARD, 2 * MIB, &out), 0);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	ck_assert_int_lt(end.tv_sec - begin.tv_sec, 5);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, template_is_made_as_promised, 0, COUNT_OF(MADE));
	tcase_add_loop_test(tcase, texts_with_another_meaning_have_another_template, 0,
			    COUNT_OF(DIFFERENT));
	tcase_add_loop_test(tcase, what_is_unusual_has_no_template, 0, COUNT_OF(REFUSED));
	tcase_add_test(tcase, the_longest_identifier_still_has_a_template);
	tcase_add_test(tcase, session_decides_what_is_certain);
	tcase_add_loop_test(tcase, shape_shows_no_literal, 0, COUNT_OF(SHAPES));
	tcase_add_test(tcase, shape_is_cut_at_a_character);
	tcase_add_test(tcase, where_bytes_may_be_half_characters_the_shape_ends);
	tcase_add_test(tcase, random_texts_keep_their_secret);
	tcase_add_loop_test(tcase, worst_texts_take_linear_time, 0, COUNT_OF(UNITS));
}

int main(void)
{
	return run_suite("template", NULL, NULL, add_tests);
}
