/* SPDX-License-Identifier: MIT */
/* The analyser against its cases (tests/cases/facts), its limits, and mutated text. */
#include "policy/engine/analyse.h"

#include "policy/engine/analysis.h"

#include <check.h>
#include <dirent.h>
#include <stdlib.h>

#include "common/file.h"
#include "policy/engine/builtins.h"
#include "tests/unit/run_suite.h"

static const struct analyse_settings USUAL = { .standard_conforming_strings = true,
					       .is_utf8 = true };

static const struct facts *facts_of(struct slice text, const struct analyse_settings *settings,
				    struct buf *block)
{
	ck_assert_int_eq(analyse_postgres(text, settings, block), 0);
	const struct facts *facts = facts_read(buf_view(block));

	ck_assert_ptr_nonnull(facts);
	return facts;
}

/* ---- the case files: text, "---", what facts_print says, "====" ---- */

typedef void each_case(struct slice sql, struct slice expected);

static size_t find(struct slice text, const char *mark)
{
	const char *at = text.length > 0 ? memmem(text.at, text.length, mark, strlen(mark)) : NULL;

	return at != NULL ? (size_t)(at - text.at) : text.length;
}

static int run_file(struct slice content, each_case *run)
{
	int count = 0;

	for (; content.length > 0; count++) {
		size_t end = find(content, "====\n");
		struct slice block = slice_part(content, 0, end);
		size_t middle = find(block, "\n---\n");

		ck_assert_msg(middle < block.length, "a case without ---");
		run(slice_part(block, 0, middle), slice_part(block, middle + 5, block.length));
		content = slice_part(content, end + 5, content.length);
	}
	return count;
}

static int run_cases(each_case *run)
{
	DIR *folder = opendir(FACTS_CASES);
	const struct dirent *entry;
	int count = 0;

	ck_assert_ptr_nonnull(folder);
	while ((entry = readdir(folder)) != NULL) {
		SCOPED(buf_done) struct buf content = BUF_MAX(4 * MIB);
		char path[512];

		if (!slice_ends_with(slice_of(entry->d_name), ".txt"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", FACTS_CASES, entry->d_name);
		ck_assert_int_eq(file_read(path, &content), 0);
		count += run_file(buf_view(&content), run);
	}
	closedir(folder);
	return count;
}

static void compare_case(struct slice sql, struct slice expected)
{
	SCOPED(buf_done) struct buf block = BUF_MAX(FACTS_SIZE_MAX), out = BUF_MAX(1 * MIB);

	facts_print(facts_of(sql, &USUAL, &block), &out);
	ck_assert_msg(slice_equal(buf_view(&out), expected), "%.*s\nexpected:\n%.*s\ngot:\n%s",
		      SLICE_ARGUMENTS(sql), SLICE_ARGUMENTS(expected), buf_text(&out));
}

START_TEST(says_what_the_cases_say)
{
	ck_assert_int_ge(run_cases(compare_case), 500);
}
END_TEST

/* ---- every kind of statement ---- */

/* Tags among the statements' that no statement of its own has. */
static bool stands_inside(int tag)
{
	return tag == T_SetOperationStmt || tag == T_ReturnStmt || tag == T_PLAssignStmt ||
	       tag == T_AlterTableCmd || tag == T_ReplicaIdentityStmt;
}

START_TEST(every_statement_node_has_a_handler)
{
	for (int tag = T_InsertStmt; tag <= T_AlterStatsStmt; tag++)
		ck_assert_msg(stands_inside(tag) || analyse_knows(tag), "NodeTag %d falls through",
			      tag);
	ck_assert(!analyse_knows(T_A_Expr));
}
END_TEST

/* ---- limits ---- */

static const char *unknown_of(struct slice text, const struct analyse_settings *settings)
{
	static char reason[512];
	SCOPED(buf_done) struct buf block = BUF_MAX(FACTS_SIZE_MAX);
	const struct facts *facts = facts_of(text, settings, &block);
	struct facts_text unknown = facts->unknown;

	if (unknown.length == 0 && facts->statement_count > 0)
		unknown = facts_statements(facts)[0].unknown;
	snprintf(reason, sizeof(reason), "%.*s", SLICE_ARGUMENTS(facts_slice(facts, unknown)));
	return reason;
}

/* `head`, then `count` times `part`, then `middle`, then `count` times `close`. */
struct growth {
	const char *head, *part, *middle, *close;
	int count;
	const char *unknown; /* a part of the reason; NULL where it must be judged */
};

static const struct growth GROWTHS[] = {
	{ "SELECT 1", "+1", "", "", 1000000, NULL },
	{ "SELECT a FROM t WHERE b = 1", " OR b = 2", "", "", 100000, NULL },
	{ "SELECT x", "::int", "", "", 100000, NULL },
	{ "SELECT 'a'", "||x", " FROM t", "", 100000, NULL },
	{ "SELECT 1", " UNION ALL SELECT 1", "", "", 5000, NULL },
	{ "SELECT 1 FROM a", " CROSS JOIN a", "", "", 3000, NULL },
	{ "SELECT 1 FROM a", ", a", "", "", 3000, NULL },
	{ "SELECT 1 WHERE 1 IN (1", ",1", ")", "", 1000000, NULL },
	{ "SELECT ", "(", "1", ")", 3000, NULL },
	{ "SELECT ", "f(", "1", ")", 3000, "too deep" },
	{ "SELECT ", "(SELECT ", "1", ")", 3000, "too deep" },
	{ "SELECT ", "NOT ", "true", "", 3000, "too deep" },
	{ "SELECT ", "(", "1", ")", 100000, "memory exhausted" },
	{ "SELECT 1", "; SELECT 1", "", "", 20000, "more statements" },
	{ "SELECT 1", " UNION ALL SELECT x FROM t", "", "", 20000, "than can be judged" },
	{ "SELECT 1", ", a", " FROM t", "", 20000, "columns than can be judged" },
	{ "WITH RECURSIVE t AS (",
	  "WITH RECURSIVE t AS (SELECT 1 AS a UNION SELECT a FROM t WHERE a IN (", "SELECT 1",
	  ")) SELECT a FROM t", 30, "" },
};

static void grow(const struct growth *growth, struct buf *text)
{
	buf_add_text(text, growth->head);
	for (int i = 0; i < growth->count; i++)
		buf_add_text(text, growth->part);
	buf_add_text(text, growth->middle);
	for (int i = 0; i < growth->count; i++)
		buf_add_text(text, growth->close);
}

START_TEST(large_and_deep_texts_are_judged_or_unknown)
{
	const struct growth *growth = &GROWTHS[_i];
	SCOPED(buf_done) struct buf text = BUF_MAX(ANALYSE_TEXT_MAX);

	grow(growth, &text);
	const char *reason = unknown_of(buf_view(&text), &USUAL);

	if (growth->unknown == NULL)
		ck_assert_str_eq(reason, "");
	else
		ck_assert_msg(strstr(reason, growth->unknown) != NULL, "%s", reason);
}
END_TEST

START_TEST(texts_that_cannot_be_read_are_unknown)
{
	SCOPED(buf_done) struct buf large = BUF_MAX(ANALYSE_TEXT_MAX + 1);
	struct analyse_settings bytes = USUAL, single = USUAL;

	memset(buf_extend(&large, ANALYSE_TEXT_MAX + 1), ' ', ANALYSE_TEXT_MAX + 1);
	ck_assert_str_eq(unknown_of(buf_view(&large), &USUAL), "the text is longer than 16 MB");
	ck_assert_str_eq(unknown_of(SLICE("SELECT 1\0; DELETE FROM w"), &USUAL),
			 "the text holds a NUL byte");
	ck_assert_str_eq(unknown_of(SLICE("SELECT '\xff'"), &USUAL),
			 "the text is not valid in its encoding");
	bytes.is_utf8 = false;
	ck_assert_str_eq(unknown_of(SLICE("SELECT '\xff'"), &bytes), "");
	single.single_statement = true;
	ck_assert_str_ne(unknown_of(SLICE("SELECT 1; SELECT 2"), &single), "");
	ck_assert_str_eq(unknown_of(SLICE("SELECT 1;"), &single), "");
}
END_TEST

START_TEST(reads_backslashes_as_the_server_will)
{
	SCOPED(buf_done) struct buf block = BUF_MAX(FACTS_SIZE_MAX);
	struct analyse_settings old = USUAL;
	struct slice text = SLICE("SELECT '\\'; DROP TABLE victims; --'");

	old.standard_conforming_strings = false;
	ck_assert_uint_eq(facts_of(text, &USUAL, &block)->statement_count, 2);
	ck_assert_uint_eq(facts_of(text, &old, &block)->statement_count, 1);
	ck_assert_uint_eq(facts_of(text, &USUAL, &block)->statement_count, 2);
}
END_TEST

START_TEST(says_where_each_statement_stands)
{
	SCOPED(buf_done) struct buf block = BUF_MAX(FACTS_SIZE_MAX);
	struct slice text = SLICE("  SELECT 1 ;;\n\tDELETE FROM w; SELECT 3 -- x");
	const struct facts *facts = facts_of(text, &USUAL, &block);
	static const char *const parts[] = { "SELECT 1", "DELETE FROM w", "SELECT 3 -- x" };

	ck_assert_uint_eq(facts->top_level_count, 3);
	for (uint32_t i = 0; i < 3; i++) {
		const struct facts_statement *statement = &facts_statements(facts)[i];

		ck_assert(slice_is(slice_part(text, statement->text_offset, statement->text_length),
				   parts[i]));
	}
}
END_TEST

START_TEST(fails_only_with_the_buffers_error)
{
	SCOPED(buf_done) struct buf small = BUF_MAX(10);

	ck_assert_int_eq(analyse_postgres(SLICE("SELECT 1"), &USUAL, &small), -E2BIG);
}
END_TEST

/* ---- templates: another literal in its place gives the same facts ---- */

static const struct {
	const char *a, *b;
} LITERAL_PAIRS[] = {
	{ "DELETE FROM w WHERE id > 5 OR id < 10", "DELETE FROM w WHERE id > 10 OR id < 5" },
	{ "DELETE FROM w WHERE v LIKE '%'", "DELETE FROM w WHERE v LIKE 'a%'" },
	{ "DELETE FROM w WHERE id IN (1) OR id NOT IN (1)",
	  "DELETE FROM w WHERE id IN (1) OR id NOT IN (2)" },
	{ "DELETE FROM w WHERE f(id, 1) = f(id, 1)", "DELETE FROM w WHERE f(id, 1) = f(id, 2)" },
	{ "DELETE FROM w WHERE id = 1 OR 1 = 1", "DELETE FROM w WHERE id = 1 OR 1 = 2" },
	{ "SELECT a, b FROM t ORDER BY 1", "SELECT a, b FROM t ORDER BY 2" },
	{ "INSERT INTO t (a) VALUES (1), (1)", "INSERT INTO t (a) VALUES (1), (2)" },
	{ "SELECT set_config('work_mem', '1', false)", "SELECT set_config('role', '1', false)" },
	{ "SELECT current_setting('a.b')", "SELECT current_setting('ab')" },
};

START_TEST(texts_whose_literals_decide_are_no_templates)
{
	SCOPED(buf_done) struct buf block = BUF_MAX(FACTS_SIZE_MAX);
	const char *const texts[] = { LITERAL_PAIRS[_i].a, LITERAL_PAIRS[_i].b };

	for (int i = 0; i < 2; i++) {
		const struct facts *facts = facts_of(slice_of(texts[i]), &USUAL, &block);

		ck_assert_msg(!(facts_statements(facts)[0].flags & FACTS_TEMPLATE_SAFE), "%s",
			      texts[i]);
	}
}
END_TEST

/* ---- mutated text ---- */

static struct buf corpus[1024];
static int corpus_count;

static void keep_case(struct slice sql, struct slice expected)
{
	(void)expected;
	if (corpus_count < (int)COUNT_OF(corpus)) {
		corpus[corpus_count] = (struct buf)BUF_MAX(64 * KIB);
		buf_add_slice(&corpus[corpus_count++], sql);
	}
}

/* Deletes, doubles or swaps in a piece of another case, a few times. */
static void mutate(struct buf *text)
{
	SCOPED(buf_done) struct buf result = BUF_MAX(64 * KIB);
	struct slice whole = buf_view(text);
	size_t at = (size_t)rand() % (whole.length + 1), length = (size_t)rand() % 12;
	struct slice other = buf_view(&corpus[rand() % corpus_count]);

	buf_add_slice(&result, slice_part(whole, 0, at));
	if (rand() % 3 == 0)
		buf_add_slice(&result, slice_part(whole, at, length));
	if (rand() % 3 == 0)
		buf_add_slice(&result, slice_part(other, (size_t)rand() % (other.length + 1), 30));
	buf_add_slice(&result, slice_part(whole, at + (rand() % 2 ? length : 0), whole.length));
	buf_clear(text);
	buf_add_slice(text, buf_view(&result));
}

START_TEST(survives_mutated_text)
{
	SCOPED(buf_done) struct buf block = BUF_MAX(FACTS_SIZE_MAX), text = BUF_MAX(64 * KIB);
	SCOPED(buf_done) struct buf out = BUF_MAX(4 * MIB);
	int parsed = 0;

	srand(7);
	run_cases(keep_case);
	for (int round = 0; round < 20000; round++) {
		buf_clear(&text);
		buf_add_slice(&text, buf_view(&corpus[rand() % corpus_count]));
		for (int i = rand() % 4; i >= 0; i--)
			mutate(&text);
		const struct facts *facts = facts_of(buf_view(&text), &USUAL, &block);

		parsed += facts->unknown.length == 0;
		buf_clear(&out);
		facts_print(facts, &out);
	}
	for (int i = 0; i < corpus_count; i++)
		buf_done(&corpus[i]);
	ck_assert_int_gt(parsed, 1000);
}
END_TEST

/* ---- what is built in ---- */

START_TEST(knows_what_is_built_in)
{
	bool can_raise;

	ck_assert_int_eq(builtin_function(SLICE("lower")), BUILTIN_TOTAL);
	ck_assert_int_eq(builtin_function(SLICE("length")), BUILTIN_HARMLESS);
	ck_assert_int_eq(builtin_function(SLICE("count")), BUILTIN_COUNTING);
	ck_assert_int_eq(builtin_function(SLICE("sum")), BUILTIN_AGGREGATE);
	ck_assert_int_eq(builtin_function(SLICE("unnest")), BUILTIN_SET);
	ck_assert_int_eq(builtin_function(SLICE("query_to_xml")), BUILTIN_UNKNOWN);
	ck_assert_int_eq(builtin_function(SLICE("")), BUILTIN_UNKNOWN);
	ck_assert(builtin_operator(SLICE("="), &can_raise) && !can_raise);
	ck_assert(builtin_operator(SLICE("/"), &can_raise) && can_raise);
	ck_assert(!builtin_operator(SLICE("==="), &can_raise));
	ck_assert(builtin_type(SLICE("int4")) && builtin_type(SLICE("_text")));
	ck_assert(!builtin_type(SLICE("hstore")) && !builtin_type(SLICE("")));
	ck_assert(builtin_setting_is_harmless(SLICE("statement_timeout")));
	ck_assert(!builtin_setting_is_harmless(SLICE("search_path")));
}
END_TEST

static const struct {
	const char *schema, *name;
	enum builtin_relation relation;
} RELATIONS[] = {
	{ "", "pg_class", BUILTIN_RELATION_HARMLESS },
	{ "pg_catalog", "pg_class", BUILTIN_RELATION_HARMLESS },
	{ "public", "pg_class", BUILTIN_RELATION_NONE },
	{ "", "pg_stats", BUILTIN_RELATION_REVEALING },
	{ "pg_catalog", "pg_stat_activity", BUILTIN_RELATION_REVEALING },
	{ "", "pg_authid", BUILTIN_RELATION_REVEALING },
	{ "", "pg_statistic_ext", BUILTIN_RELATION_HARMLESS },
	{ "", "pg_stats_ext_exprs", BUILTIN_RELATION_REVEALING },
	{ "information_schema", "columns", BUILTIN_RELATION_HARMLESS },
	{ "information_schema", "user_mapping_options", BUILTIN_RELATION_REVEALING },
	{ "", "columns", BUILTIN_RELATION_NONE },
	{ "", "users", BUILTIN_RELATION_NONE },
};

START_TEST(knows_the_catalogues_relations)
{
	ck_assert_int_eq(
		builtin_relation(slice_of(RELATIONS[_i].schema), slice_of(RELATIONS[_i].name)),
		RELATIONS[_i].relation);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, says_what_the_cases_say);
	tcase_add_test(tcase, every_statement_node_has_a_handler);
	tcase_add_loop_test(tcase, large_and_deep_texts_are_judged_or_unknown, 0,
			    COUNT_OF(GROWTHS));
	tcase_add_test(tcase, texts_that_cannot_be_read_are_unknown);
	tcase_add_test(tcase, reads_backslashes_as_the_server_will);
	tcase_add_test(tcase, says_where_each_statement_stands);
	tcase_add_test(tcase, fails_only_with_the_buffers_error);
	tcase_add_loop_test(tcase, texts_whose_literals_decide_are_no_templates, 0,
			    COUNT_OF(LITERAL_PAIRS));
	tcase_add_test(tcase, survives_mutated_text);
	tcase_add_test(tcase, knows_what_is_built_in);
	tcase_add_loop_test(tcase, knows_the_catalogues_relations, 0, COUNT_OF(RELATIONS));
}

int main(void)
{
	return run_suite("analyse", NULL, NULL, add_tests);
}
