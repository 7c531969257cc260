/* SPDX-License-Identifier: MIT */
/* Rows of a COPY: fields are found whatever stands in them, masked ones are written so that they
 * read back, and what is no row is an error. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "policy/core/copy_stream.h"
#include "policy/core/copy_syntax.h"
#include "tests/unit/run_suite.h"

enum { INT4 = 23, TEXT = 25, VARCHAR = 1043 };

/* id, secret, note, number */
static const struct plan_column REDACTED[] = { { { 0 }, 0, INT4, -1 },
					       { { MASK_REDACT, 0, 0, 0 }, 0, TEXT, -1 },
					       { { 0 }, 0, TEXT, -1 },
					       { { MASK_REDACT, 0, 0, 0 }, 0, INT4, -1 } };
static const struct plan_column KEPT[] = { { { MASK_KEEP_LAST, 0, 2, 0 }, 0, TEXT, -1 } };
static const struct plan_column SHORT[] = { { { 0 }, 0, INT4, -1 },
					    { { MASK_REDACT, 0, 0, 0 }, 0, VARCHAR, 9 },
					    { { MASK_REDACT, 0, 0, 0 }, 0, 0, -1 },
					    { { 0 }, 0, INT4, -1 } };
static const struct plan_column OPEN[] = { { { 0 }, 0, 0, -1 }, { { 0 }, 0, TEXT, -1 } };

#define TEXT_FORMAT                                                                                \
	{                                                                                          \
		COPY_TEXT, 0, 0, '\t', 0, 0, 2, "\\N"                                              \
	}
#define CSV_FORMAT                                                                                 \
	{                                                                                          \
		COPY_CSV, 0, 0, ',', '"', '"', 0, ""                                               \
	}

#define COLUMNS(list) list, COUNT_OF(list)

static const struct {
	struct copy_format format;
	const struct plan_column *columns;
	uint32_t count;
	const char *given, *expected; /* NULL: an error */
} ROWS[] = {
	{ TEXT_FORMAT, COLUMNS(REDACTED), "1\ts\tn\t4\n", "1\t[redacted]\tn\t\\N\n" },
	{ TEXT_FORMAT, COLUMNS(REDACTED), "1\t\\N\t\\N\t\\N\n", "1\t\\N\t\\N\t\\N\n" },
	{ TEXT_FORMAT, COLUMNS(REDACTED), "1\t\\\\N\t\\\\N\t4\n", "1\t[redacted]\t\\\\N\t\\N\n" },
	{ TEXT_FORMAT, COLUMNS(REDACTED), "\t\t\t\n", "\t[redacted]\t\t\\N\n" },
	{ TEXT_FORMAT, COLUMNS(REDACTED), "1\ta\\tb\\nc\\\\\t\\r\\v\\f\\b\t4\n",
	  "1\t[redacted]\t\\r\\v\\f\\b\t\\N\n" },
	{ TEXT_FORMAT, COLUMNS(REDACTED), "1\ts\tn\t4\n2\tt\to\t5\n",
	  "1\t[redacted]\tn\t\\N\n2\t[redacted]\to\t\\N\n" },
	{ TEXT_FORMAT, COLUMNS(REDACTED), "1\t\xc3\xbc\t\xe6\x97\xa5\t4\n",
	  "1\t[redacted]\t\xe6\x97\xa5\t\\N\n" },
	{ TEXT_FORMAT, COLUMNS(REDACTED), "1\ts\tn\n", NULL },
	{ TEXT_FORMAT, COLUMNS(REDACTED), "1\ts\tn\t4\t5\n", NULL },
	{ TEXT_FORMAT, COLUMNS(REDACTED), "1\ts\tn\t4", NULL },
	{ TEXT_FORMAT, COLUMNS(REDACTED), "1\ts", NULL },
	{ TEXT_FORMAT, COLUMNS(REDACTED), "\n", NULL },
	{ TEXT_FORMAT, COLUMNS(REDACTED), "\\.\n", NULL },
	{ { COPY_TEXT, 0, 0, '|', 0, 0, 2, "\\N" },
	  COLUMNS(REDACTED),
	  "1|a\\|b\\\\|\\\\\\||4\n",
	  "1|[redacted]|\\\\\\||\\N\n" },
	{ { COPY_TEXT, 0, 0, '[', 0, 0, 2, "\\N" },
	  COLUMNS(REDACTED),
	  "1[s[n[4\n",
	  "1[\\[redacted][n[\\N\n" },
	{ { COPY_TEXT, 0, 0, '\t', 0, 0, 0, "" },
	  COLUMNS(REDACTED),
	  "1\t\t\t\n",
	  "1\t[redacted]\t\t\n" },
	{ { COPY_TEXT, 1, 0, '\t', 0, 0, 2, "\\N" },
	  COLUMNS(REDACTED),
	  "id\tsecret\ta\\tb\tc\n1\ts\tn\t4\n",
	  "id\tsecret\ta\\tb\tc\n1\t[redacted]\tn\t\\N\n" },
	{ TEXT_FORMAT, COLUMNS(KEPT), "\n", "[redacted]\n" },
	{ TEXT_FORMAT, COLUMNS(KEPT), "12345678\\\\\\t\n", "*************\\\\\\t\n" },
	{ TEXT_FORMAT, COLUMNS(KEPT), "abcdefg\xc3\xbc\xc3\xa4\n",
	  "*************\xc3\xbc\xc3\xa4\n" },
	{ TEXT_FORMAT, COLUMNS(KEPT), "\\N\n", "\\N\n" },
	{ TEXT_FORMAT, COLUMNS(SHORT), "1\tabc\tx\t4\n", "1\t[reda\t\\N\t4\n" },
	{ TEXT_FORMAT, COLUMNS(SHORT), "1\tabc\tx\t4\t5\n", "1\t[reda\t\\N\t4\t5\n" },
	{ CSV_FORMAT, COLUMNS(REDACTED), "1,s,n,4\n", "1,[redacted],n,\n" },
	{ CSV_FORMAT, COLUMNS(REDACTED), "1,,,\n", "1,,,\n" },
	{ CSV_FORMAT, COLUMNS(REDACTED), "1,\"\",\"\",4\n", "1,[redacted],\"\",\n" },
	{ CSV_FORMAT, COLUMNS(REDACTED), "1,\"a,\"\"b\"\"\nc\",\"d\n\"\"\ne\",4\n",
	  "1,[redacted],\"d\n\"\"\ne\",\n" },
	{ CSV_FORMAT, COLUMNS(SHORT), "1,a,b,\"c\n2,x,y,z\"\n3,d,e,f\n",
	  "1,[reda,,\"c\n2,x,y,z\"\n3,[reda,,f\n" },
	{ CSV_FORMAT, COLUMNS(REDACTED), "1,\"a\"b,n,4\n", NULL },
	{ CSV_FORMAT, COLUMNS(REDACTED), "1,\"a\nb,n,4\n", NULL },
	{ CSV_FORMAT, COLUMNS(REDACTED), "1,s,\"n\",\"4\n", NULL },
	{ CSV_FORMAT, COLUMNS(SHORT), "1,a,b,\"c\n", NULL },
	{ { COPY_CSV, 0, 0, '[', '"', '"', 0, "" },
	  COLUMNS(REDACTED),
	  "1[s[n[4\n",
	  "1[\"[redacted]\"[n[\n" },
	{ { COPY_CSV, 0, 1, ',', '"', '"', 0, "" },
	  COLUMNS(REDACTED),
	  "1,\"s\",n,\"4\"\n",
	  "1,\"[redacted]\",n,\n" },
	{ { COPY_CSV, 0, 0, ';', '\'', '\\', 4, "none" },
	  COLUMNS(REDACTED),
	  "1;'a\\'b\\\\';'none';none\n",
	  "1;[redacted];'none';none\n" },
	{ { COPY_CSV, 0, 0, ',', 'e', 'd', 10, "[redacted]" },
	  COLUMNS(REDACTED),
	  "1,s,[redacted],4\n",
	  NULL }, /* the mark has a quote in it */
	{ { COPY_CSV, 0, 0, ',', 'e', 'c', 0, "" },
	  COLUMNS(REDACTED),
	  "1,s,ecedcce,4\n",
	  "1,e[rcedacctced]e,ecedcce,\n" },
	{ { COPY_CSV, 1, 0, ',', '"', '"', 0, "" },
	  COLUMNS(REDACTED),
	  "id,\"sec\nret\",n,c\n1,s,n,4\n",
	  "id,\"sec\nret\",n,c\n1,[redacted],n,\n" },
	{ CSV_FORMAT, COLUMNS(KEPT), "\"\\.\"\n", "[redacted]\n" },
	{ CSV_FORMAT, COLUMNS(KEPT), "\"\"\n", "[redacted]\n" },
	{ CSV_FORMAT, COLUMNS(KEPT), "\n", "\n" },
	{ CSV_FORMAT, COLUMNS(KEPT), "\"abcdefg,\"\"\"\n", "\"*************,\"\"\"\n" },
	{ TEXT_FORMAT, COLUMNS(OPEN), "anything\n", "anything\n" },
	{ TEXT_FORMAT, COLUMNS(OPEN), "no end", NULL },
};

static int pass(const struct copy_format *format, const struct plan_column *columns, uint32_t count,
		struct slice given, struct buf *out)
{
	const struct mask_search none = { 0, NULL, NULL, NULL };
	struct copy_stream stream;
	bool is_changed = false;
	int r = copy_stream_open(&stream, format, columns, count, &none);

	if (r < 0)
		return r;
	r = copy_stream_pass(&stream, given, out, &is_changed);
	if (r == 0 && !is_changed)
		buf_add_slice(out, given);
	copy_stream_done(&stream);
	return r;
}

START_TEST(masked_fields_are_replaced_and_the_rest_stays)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(1000);
	int r = pass(&ROWS[_i].format, ROWS[_i].columns, ROWS[_i].count, slice_of(ROWS[_i].given),
		     &out);

	if (ROWS[_i].expected)
		ck_assert_str_eq(buf_text(&out), ROWS[_i].expected);
	else
		ck_assert_uint_eq(out.length, 0);
	ck_assert_int_eq(r == 0, ROWS[_i].expected != NULL);
}
END_TEST

/* Every row, cut anywhere, is an error or what it is without its end. */
START_TEST(a_row_that_is_cut_is_not_shown)
{
	struct slice given = slice_of(ROWS[_i].given);

	for (size_t length = 1; ROWS[_i].expected && length < given.length; length++) {
		SCOPED(buf_done) struct buf out = BUF_MAX(1000);
		struct slice cut = slice_part(given, 0, length);

		if (pass(&ROWS[_i].format, ROWS[_i].columns, ROWS[_i].count, cut, &out) == 0)
			ck_assert_int_eq(cut.at[length - 1], '\n');
	}
}
END_TEST

static const struct mask FOUND[DETECTOR_COUNT] = {
	[DETECT_EMAIL] = { MASK_REDACT, 0, 0, 0 }, [DETECT_CARD] = { MASK_REDACT, 0, 0, 0 }
};

START_TEST(what_detectors_find_is_replaced_inside_fields)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(1000);
	const struct mask_search search = { 1u << DETECT_EMAIL | 1u << DETECT_CARD, FOUND, NULL,
					    NULL };
	const struct copy_format format = CSV_FORMAT;
	const struct slice given = SLICE(
		"4111111111111111,\"a@b.example, \"\"x\"\"\"\nfor a@b.example,4111111111111111\n");
	struct copy_stream stream;
	bool is_changed = false;

	ck_assert_int_eq(copy_stream_open(&stream, &format, OPEN, 2, &search), 0);
	ck_assert_int_eq(copy_stream_pass(&stream, given, &out, &is_changed), 0);
	ck_assert_str_eq(buf_text(&out), ",\"[email], \"\"x\"\"\"\nfor [email],[card]\n");
	ck_assert_uint_eq(stream.masked_cells, 4);
	ck_assert_uint_eq(stream.rows, 2);
	copy_stream_done(&stream);
}
END_TEST

START_TEST(a_message_longer_than_a_server_sends_is_refused_unread)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(10);
	const struct copy_format format = TEXT_FORMAT;

	ck_assert_int_eq(pass(&format, OPEN, 2, (struct slice){ "x", COPY_MESSAGE_MAX + 1 }, &out),
			 -E2BIG);
}
END_TEST

static const struct {
	struct copy_format format;
	bool is_readable, null_is_certain;
} FORMATS[] = {
	{ TEXT_FORMAT, true, true },
	{ CSV_FORMAT, true, true },
	{ { COPY_TEXT, 0, 0, '\t', 0, 0, 0, "" }, true, false },
	{ { COPY_TEXT, 0, 0, '\t', 0, 0, 4, "NULL" }, true, false },
	{ { COPY_TEXT, 0, 0, '\t', 0, 0, 5, "\\null" }, true, false }, /* a newline, then "ull" */
	{ { COPY_TEXT, 0, 0, '\t', 0, 0, 3, "\\\\N" }, true, false },
	/* the delimiter behind it is none then */
	{ { COPY_TEXT, 0, 0, '\t', 0, 0, 1, "\\" }, false, false },
	{ { COPY_TEXT, 0, 0, '\t', 0, 0, 2, "x\\" }, false, false },
	{ { COPY_TEXT, 0, 0, '\t', 0, 0, 4, "\\N\\" }, false, true },
	{ { COPY_TEXT, 0, 0, '\t', 0, 0, 4, "\\\\\\x" }, true, true },
	{ { COPY_TEXT, 0, 0, '|', 0, 0, 2, "\\|" }, false, false },
	{ { COPY_TEXT, 0, 0, 'a', 0, 0, 2, "\\N" }, false, true },
	{ { COPY_TEXT, 0, 0, '\\', 0, 0, 2, "\\N" }, false, true },
	{ { COPY_TEXT, 0, 0, '\n', 0, 0, 2, "\\N" }, false, true },
	{ { COPY_TEXT, 0, 0, '\xe9', 0, 0, 2, "\\N" }, false, true },
	{ { COPY_TEXT, 0, 0, '\t', 0, 0, 2, "\xc3\xbc" }, false, false },
	{ { COPY_CSV, 0, 0, ',', ',', '"', 0, "" }, false, true },
	{ { COPY_CSV, 0, 0, ',', '\n', '"', 0, "" }, false, true },
	{ { COPY_CSV, 0, 0, ',', '"', '\xe9', 0, "" }, false, true },
	{ { COPY_CSV, 0, 0, ',', '"', '"', 1, "\"" }, false, true },
	{ { COPY_CSV, 0, 0, ',', '"', '"', 1, "," }, false, true },
	{ { COPY_CSV, 0, 0, ',', '"', ',', 0, "" }, true, true },
	{ { COPY_BINARY, 0, 0, 0, 0, 0, 0, "" }, false, false },
	{ { COPY_UNREADABLE, 0, 0, 0, 0, 0, 0, "" }, false, false },
};

START_TEST(formats_are_worked_with_only_when_their_marks_are_certain)
{
	ck_assert_int_eq(copy_format_is_readable(&FORMATS[_i].format), FORMATS[_i].is_readable);
	ck_assert_int_eq(copy_format_null_is_certain(&FORMATS[_i].format),
			 FORMATS[_i].null_is_certain);
}
END_TEST

/* Every byte, written and read back. */
START_TEST(what_is_written_reads_back)
{
	static const struct copy_format formats[] = { TEXT_FORMAT,
						      CSV_FORMAT,
						      { COPY_CSV, 0, 0, ';', '\'', '\\', 1, "x" },
						      { COPY_TEXT, 0, 0, '|', 0, 0, 2, "\\N" } };
	const struct copy_format *format = &formats[_i / 255];
	const struct copy_syntax *syntax =
		format->kind == COPY_CSV ? &COPY_SYNTAX_CSV : &COPY_SYNTAX_TEXT;
	SCOPED(buf_done) struct buf out = BUF_MAX(100), room = BUF_MAX(100);
	const char value[] = { (char)(_i % 255 + 1), 'a', (char)(_i % 255 + 1),
			       (char)(_i % 255 + 1) };
	struct slice given = { value, sizeof(value) };

	syntax->write(format, given, true, &out);
	struct slice field = buf_view(&out);
	buf_add_char(&out, '\n');
	struct copy_text text = { format, buf_view(&out), out.length };
	ck_assert_uint_eq(syntax->end(&text, 0), out.length - 1);
	ck_assert_uint_eq(syntax->row_end(&text, 0), out.length);
	field.at = out.at;
	ck_assert(slice_equal(syntax->read(format, field, &room), given));
	ck_assert_int_eq(room.failed, 0);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, masked_fields_are_replaced_and_the_rest_stays, 0,
			    COUNT_OF(ROWS));
	tcase_add_loop_test(tcase, a_row_that_is_cut_is_not_shown, 0, COUNT_OF(ROWS));
	tcase_add_test(tcase, what_detectors_find_is_replaced_inside_fields);
	tcase_add_test(tcase, a_message_longer_than_a_server_sends_is_refused_unread);
	tcase_add_loop_test(tcase, formats_are_worked_with_only_when_their_marks_are_certain, 0,
			    COUNT_OF(FORMATS));
	tcase_add_loop_test(tcase, what_is_written_reads_back, 0, 4 * 255);
}

int main(void)
{
	return run_suite("copy_stream", NULL, NULL, add_tests);
}
