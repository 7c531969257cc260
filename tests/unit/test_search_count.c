/* SPDX-License-Identifier: MIT */
/* Each statement is in one count of each step, and counts are summed up as they are asked for. */
#include <errno.h>

#include "common/clock.h"
#include "tests/unit/search_fixture.h"
#include "tests/unit/store_cluster.h"
#include "tools/server/record/search_count.h"

static struct count_result *counts_by(enum count_by by, const char *agent)
{
	const struct search_count asked = { .until_ns = 1, .by = by, .agent = slice_of(agent) };
	struct count_result *result;

	ck_assert_int_eq(search_counts(store, &asked, &result), 0);
	ck_assert_uint_eq(result->points, 1);
	ck_assert_uint_eq(result->step_s, 60);
	return result;
}

static int64_t point(const struct count_result *result, const char *name, enum count_kind kind)
{
	for (size_t i = 0; i < result->count; i++) {
		if (strcmp(result->series[i].name, name) == 0)
			return result->series[i].points[kind][0];
	}
	return -1;
}

START_TEST(statements_are_counted)
{
	SCOPED(free_p) struct count_result *all = counts_by(COUNT_BY_NOTHING, "");
	SCOPED(free_p) struct count_result *one = counts_by(COUNT_BY_NOTHING, "a2");
	SCOPED(free_p) struct count_result *none = counts_by(COUNT_BY_NOTHING, "a3");
	SCOPED(free_p) struct count_result *people = counts_by(COUNT_BY_PERSON, "");
	SCOPED(free_p) struct count_result *agents = counts_by(COUNT_BY_AGENT, "");
	SCOPED(free_p) struct count_result *rules = counts_by(COUNT_BY_RULE, "");
	SCOPED(free_p) struct count_result *verdicts = counts_by(COUNT_BY_VERDICT, "");

	ck_assert_int_eq(point(all, "", COUNT_STATEMENTS), 12);
	ck_assert_int_eq(point(all, "", COUNT_REFUSED), 1);
	ck_assert_int_eq(point(all, "", COUNT_MASKED_CELLS), 1);
	ck_assert_int_eq(point(one, "", COUNT_STATEMENTS), 2);
	ck_assert_uint_eq(none->count, 0);
	ck_assert_int_eq(point(people, "anna", COUNT_STATEMENTS), 6);
	ck_assert_int_eq(point(people, "", COUNT_STATEMENTS), 1);
	ck_assert_int_eq(point(agents, "a1", COUNT_STATEMENTS), 10);
	ck_assert_str_eq(rules->series[0].name, "shop/reads");
	ck_assert_int_eq(rules->series[0].total, 9);
	ck_assert_int_eq(point(rules, "shop/no-drops", COUNT_REFUSED), 1);
	ck_assert_int_eq(point(verdicts, "unknown", COUNT_STATEMENTS), 1);
}
END_TEST

/* As one batch says it and the next one says again. */
START_TEST(a_statement_is_counted_once_and_its_end_when_it_is_known)
{
	struct record_entry failed = { .kind = RECORD_OUTCOME,
				       .number = 52,
				       .parent = OURS | 9,
				       .time_ns = 2000,
				       .slot = { .status = RING_STATUS_ERROR,
						 .outcome = { .masked_cells = 5 } } };

	for (size_t i = 0; i < 2; i++) {
		begin_delivery(2);
		take_kind(RECORD_INTENT, 9, 52, 0);
		take(&failed);
		end_delivery();
		SCOPED(free_p) struct count_result *all = counts_by(COUNT_BY_NOTHING, "");
		ck_assert_int_eq(point(all, "", COUNT_STATEMENTS), 12);
		ck_assert_int_eq(point(all, "", COUNT_FAILED), 1);
		ck_assert_int_eq(point(all, "", COUNT_MASKED_CELLS), 6);
	}
	ck_assert_int_eq(number(store, "SELECT count(*) FROM (SELECT step FROM record_count"
				       " GROUP BY step HAVING sum(statements) = 12) AS step"),
			 3);
}
END_TEST

/* A text that no index makes shorter, of characters of two bytes. */
static void fill_name(uint64_t seed, char *text, size_t length)
{
	for (size_t i = 0; i + 2 < length; i += 2) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		text[i] = (char)0xc3;
		text[i + 1] = (char)(0x80 | (seed >> 58));
	}
	text[(length - 1) / 2 * 2] = '\0';
}

START_TEST(names_have_room_in_an_index_however_long_they_are)
{
	char person[4096], rule[256], rules[64 * 256] = "", longest[8000];
	const struct record_fact facts[] = { { SLICE("person"), { person, 4094 }, RECORD_PROVEN } };

	fill_name(1, person, sizeof(person));
	fill_name(2, longest, sizeof(longest));
	for (uint64_t i = 0; i < 60; i++) {
		fill_name(3 + i, rule, 200);
		strcat(strcat(rules, i > 0 ? "\n" : ""), rule);
	}
	begin_delivery(1);
	take_subject(RECORD_CONNECTION, 70, PROCESS, facts, 1);
	take_judgement(70, "select 1", "allow", rules, "");
	take_judgement(71, "select 1", "allow", longest, "");
	take_statement(70, 7000, 70);
	take_statement(70, 7001, 71);
	end_delivery();
	SCOPED(free_p) struct count_result *people = counts_by(COUNT_BY_PERSON, "a1");
	SCOPED(free_p) struct count_result *by_rule = counts_by(COUNT_BY_RULE, "a1");
	person[254] = longest[254] = '\0';
	ck_assert_int_eq(point(people, person, COUNT_STATEMENTS), 2);
	ck_assert_int_eq(point(by_rule, longest, COUNT_STATEMENTS), 1);
	fill_name(3, rule, 200);
	ck_assert_int_eq(point(by_rule, rule, COUNT_STATEMENTS), 1);
}
END_TEST

START_TEST(more_names_than_are_shown_are_summed_up)
{
	begin_delivery(1);
	for (uint64_t i = 0; i < 30; i++) {
		char rule[32];

		snprintf(rule, sizeof(rule), "rule-%u", (unsigned)i);
		take_judgement(50 + i, "select 1", "allow", rule, "");
		for (uint64_t k = 0; k <= i; k++)
			take_statement(ANNA, 10000 + 100 * i + k, 50 + i);
	}
	end_delivery();
	SCOPED(free_p) struct count_result *rules = counts_by(COUNT_BY_RULE, "a1");
	ck_assert(rules->has_others);
	ck_assert_uint_eq(rules->count, COUNT_SERIES_MAX);
	ck_assert_str_eq(rules->series[0].name, "rule-29");
	int64_t sum = rules->others.points[COUNT_STATEMENTS][0];
	for (size_t i = 0; i < rules->count; i++)
		sum += rules->series[i].points[COUNT_STATEMENTS][0];
	ck_assert_int_eq(sum, 10 + 30 * 31 / 2);
}
END_TEST

START_TEST(a_statement_that_is_in_a_series_is_not_among_the_others)
{
	begin_delivery(1);
	for (uint64_t i = 0; i < 21; i++) {
		char rules[64];

		snprintf(rules, sizeof(rules), "rule-%u\nof-all", (unsigned)i);
		take_judgement(50 + i, "select 1", "allow", rules, "");
		take_statement(ANNA, 10000 + i, 50 + i);
	}
	take_judgement(90, "select 1", "allow", "rule-999", "");
	take_statement(ANNA, 20000, 90);
	end_delivery();
	SCOPED(free_p) struct count_result *rules = counts_by(COUNT_BY_RULE, "a1");
	ck_assert_str_eq(rules->series[0].name, "of-all");
	ck_assert_int_eq(rules->series[0].total, 21);
	ck_assert_int_eq(point(rules, "rule-0", COUNT_STATEMENTS), 1);
	ck_assert_int_eq(rules->others.total, 2); /* and shop/no-drops */
}
END_TEST

START_TEST(names_without_number_are_summed_up)
{
	ck_assert_int_eq(
		store_do(store,
			 "INSERT INTO record_count (step, start, source, person, verdict,"
			 " rules, statements, refused, failed, masked_cells)"
			 " WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL"
			 " SELECT i + 1 FROM n WHERE i < 5000)"
			 " SELECT 60, 0, 1, 'p' || i, 'allow', 'r' || i, i, 0, 0, 0 FROM n",
			 STORE_NO_VALUES),
		0);
	SCOPED(free_p) struct count_result *people = counts_by(COUNT_BY_PERSON, "a1");
	SCOPED(free_p) struct count_result *rules = counts_by(COUNT_BY_RULE, "a1");
	int64_t shown = 0;

	for (int64_t i = 0; i < COUNT_SERIES_MAX; i++) {
		ck_assert_int_eq(people->series[i].total, 5000 - i);
		ck_assert_int_eq(rules->series[i].total, 5000 - i);
		shown += 5000 - i;
	}
	ck_assert_int_eq(people->others.total, 10 + 5000 * 5001 / 2 - shown);
	ck_assert_int_eq(rules->others.total, people->others.total);
}
END_TEST

START_TEST(spans_are_those_that_are_kept)
{
	static const struct {
		uint64_t from_s, until_s, step_s, points, chosen_s;
	} CASES[] = {
		{ 0, 60, 0, 1, 60 },         { 59, 61, 60, 2, 60 },
		{ 0, 60000, 0, 1000, 60 },   { 0, 60001, 0, 17, 3600 },
		{ 30, 90, 86400, 1, 86400 }, { 0, 86400000, 0, 1000, 86400 },
		{ 0, 86400001, 0, 0, 0 },    { 0, 60, 61, 0, 0 },
		{ 60, 60, 0, 0, 0 },         { 0, 60001, 60, 0, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(CASES); i++) {
		const struct search_count asked = { .from_ns = CASES[i].from_s * SECOND_NS,
						    .until_ns = CASES[i].until_s * SECOND_NS,
						    .step_s = CASES[i].step_s };
		SCOPED(free_p) struct count_result *result = NULL;

		ck_assert_int_eq(search_counts(store, &asked, &result),
				 CASES[i].points ? 0 : -EDOM);
		ck_assert_uint_eq(result ? result->points : 0, CASES[i].points);
		ck_assert_uint_eq(result ? result->step_s : 0, CASES[i].chosen_s);
	}
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, statements_are_counted);
	tcase_add_test(tcase, a_statement_is_counted_once_and_its_end_when_it_is_known);
	tcase_add_test(tcase, names_have_room_in_an_index_however_long_they_are);
	tcase_add_test(tcase, more_names_than_are_shown_are_summed_up);
	tcase_add_test(tcase, a_statement_that_is_in_a_series_is_not_among_the_others);
	tcase_add_test(tcase, names_without_number_are_summed_up);
	tcase_add_test(tcase, spans_are_those_that_are_kept);
}

int main(int argc, char **argv)
{
	(void)argv;
	return argc == 2 ? run_set_up_on_postgresql("search_count in PostgreSQL", open_all,
						    close_all, add_tests)
			 : run_suite("search_count", open_all, close_all, add_tests);
}
