/* SPDX-License-Identifier: MIT */
/* While calls are in flight a session is all that it may be. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/session_fixture.h"

/* What `name` may stand for: the names of the first relations of its texts, each once. */
static void expect_meanings(const char *name, const char *expected)
{
	const struct facts *facts[16];
	int count = session_prepared(session, slice_of(name), facts, 16);
	char seen[256] = "";

	for (int i = 0; i < count; i++) {
		struct slice relation = facts_slice(facts[i], facts_relations(facts[i])[0].name);

		snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen), "%s%.*s",
			 i > 0 ? " " : "", SLICE_ARGUMENTS(relation));
	}
	ck_assert_str_eq(count < 0 ? "unknown" : seen, expected);
}

static uint64_t fly(enum session_call call, const char *name, const char *sql)
{
	send_call(call, name, sql);
	return session_last_call(session);
}

/* The call ended in a pipeline. */
static void end(uint64_t call, bool failed)
{
	session_ended(session, &(struct session_ending){ .call = call,
							 .completed = failed ? 0 : 1,
							 .failed = failed });
}

START_TEST(an_execution_behind_a_prepare_in_flight_may_run_the_old_text)
{
	run("PREPARE p AS SELECT a FROM old");
	uint64_t call = fly(CALL_PREPARE, "p", "SELECT a FROM new");

	expect_meanings("p", "old new");
	end(call, true);
	expect_meanings("p", "old");
	run("DEALLOCATE p");
	call = fly(CALL_PREPARE, "p", "SELECT a FROM new");
	expect_meanings("p", "new");
	end(call, false);
	expect_meanings("p", "new");
}
END_TEST

START_TEST(names_of_both_levels_are_one_kind)
{
	run("PREPARE p AS SELECT a FROM one");
	send_call(CALL_CLOSE_PREPARED, "p", "SELECT 1");
	uint64_t second = fly(CALL_PREPARE, "p", "SELECT a FROM two");
	expect_meanings("p", "one two");
	session_outcome(session, 1, false, TRANSACTION_IDLE);
	expect_meanings("p", "two");
	end(second, false);
	run("DEALLOCATE p");
	expect_meanings("p", "unknown");
	send_call(CALL_QUERY, "", "BEGIN; DECLARE c CURSOR FOR SELECT a FROM t");
	session_outcome(session, 2, false, TRANSACTION_OPEN);
	ck_assert_int_eq(count_cursors("c"), 1);
	send_call(CALL_CLOSE_PORTAL, "c", "SELECT 1");
	session_outcome(session, 1, false, TRANSACTION_OPEN);
	ck_assert_int_eq(count_cursors("c"), -ENOENT);
}
END_TEST

START_TEST(closing_the_unnamed_statement_closes_no_other)
{
	run("PREPARE p AS SELECT a FROM t");
	send_call(CALL_CLOSE_PREPARED, "", "SELECT 1");
	session_outcome(session, 1, false, TRANSACTION_IDLE);
	expect_meanings("p", "t");
}
END_TEST

START_TEST(a_name_that_runs_prepare_is_followed_or_all_names_are_unknown)
{
	run("PREPARE q AS SELECT a FROM old");
	send_call(CALL_PREPARE, "p", "DEALLOCATE q");
	session_outcome(session, 1, false, TRANSACTION_IDLE);
	send_call(CALL_PREPARE, "r", "PREPARE q AS SELECT a FROM new");
	session_outcome(session, 1, false, TRANSACTION_IDLE);
	send_call(CALL_EXECUTE, "p", "SELECT 1");
	uint64_t second = fly(CALL_EXECUTE, "r", "SELECT 1");
	expect_meanings("q", "old new");
	session_outcome(session, 1, false, TRANSACTION_IDLE);
	end(second, false);
	expect_meanings("q", "new");
	run("EXECUTE r"); /* SQL runs a protocol's name just so */
	expect_meanings("q", "unknown");
}
END_TEST

START_TEST(a_name_with_two_texts_that_runs_prepare_makes_names_unknown)
{
	run("PREPARE q AS SELECT a FROM old");
	run("PREPARE p AS SELECT a FROM t");
	send_call(CALL_PREPARE, "p", "DEALLOCATE ALL");
	send_call(CALL_EXECUTE, "p", "SELECT 1");
	expect_meanings("q", "unknown");
	session_outcome(session, 0, true, TRANSACTION_IDLE);
	session_outcome(session, 1, false, TRANSACTION_IDLE);
	expect_meanings("q", "unknown");
	run("PREPARE s AS SELECT a FROM made");
	expect_meanings("s", "made");
}
END_TEST

START_TEST(a_name_in_flight_is_unknown_where_others_may_have_made_it)
{
	session_inherit(session, 0);
	uint64_t call = fly(CALL_PREPARE, "p", "SELECT a FROM new");

	expect_meanings("p", "unknown");
	end(call, true);
	expect_meanings("p", "unknown");
	call = fly(CALL_PREPARE, "p", "SELECT a FROM new");
	end(call, false);
	expect_meanings("p", "new");
}
END_TEST

START_TEST(what_was_lost_later_is_not_made_good_by_a_discard_before)
{
	uint64_t discard = fly(CALL_QUERY, "", "DISCARD ALL");
	uint64_t lost = fly(CALL_QUERY, "", "DO $$ BEGIN END $$");

	end(discard, false);
	end(lost, false);
	send_call(CALL_PREPARE, "p", "SELECT a FROM new");
	expect_meanings("p", "unknown");
	session_outcome(session, 1, false, TRANSACTION_IDLE);
	run("DISCARD ALL");
	send_call(CALL_PREPARE, "p", "SELECT a FROM new");
	expect_meanings("p", "new");
}
END_TEST

START_TEST(the_unnamed_statement_is_not_known_behind_a_text_that_took_its_place)
{
	send_call(CALL_PREPARE, "", "SELECT a FROM one");
	session_outcome(session, 1, false, TRANSACTION_IDLE);
	session_unnamed_replaced(session);
	expect_meanings("", "unknown");
	uint64_t call = fly(CALL_PREPARE, "", "SELECT a FROM two");
	expect_meanings("", "unknown");
	end(call, false);
	expect_meanings("", "two");
	run("PREPARE p AS SELECT a FROM t");
	expect_meanings("p", "t");
}
END_TEST

START_TEST(a_setting_is_in_doubt_until_its_pipeline_is_settled)
{
	uint64_t call = fly(CALL_QUERY_PARAMS, "",
			    "SELECT set_config('standard_conforming_strings', 'off', false)");

	ck_assert_uint_ne(session_lexing_doubt(session), 0);
	end(call, false); /* an error before the Sync takes it back */
	ck_assert_uint_ne(session_lexing_doubt(session), 0);
	ck_assert_uint_eq(session_context(session), 0);
	session_settled(session, TRANSACTION_IDLE);
	ck_assert_uint_eq(session_lexing_doubt(session), 0);
}
END_TEST

START_TEST(a_sync_does_not_settle_what_is_sent_behind_it)
{
	uint64_t first = fly(CALL_QUERY_PARAMS, "", "SET standard_conforming_strings = off");
	uint64_t second = fly(CALL_QUERY_PARAMS, "", "SET standard_conforming_strings = on");

	end(first, false);
	session_settled(session, TRANSACTION_IDLE);
	ck_assert_uint_eq(session_lexing_doubt(session), DOUBT_STRINGS);
	fly(CALL_QUERY_PARAMS, "", "ROLLBACK");
	end(second, false);
	session_settled(session, TRANSACTION_OPEN);
	/* the ROLLBACK may take it back */
	ck_assert_uint_eq(session_lexing_doubt(session), DOUBT_STRINGS);
}
END_TEST

START_TEST(a_call_that_was_not_sent_changes_nothing)
{
	uint64_t first = fly(CALL_PREPARE, "p", "SELECT a FROM one");
	uint64_t second = fly(CALL_PREPARE, "p", "SELECT a FROM two");

	expect_meanings("p", "one two");
	session_unsent(session, second);
	expect_meanings("p", "one");
	end(first, false);
	expect_meanings("p", "one");
}
END_TEST

START_TEST(an_outcome_that_never_came_makes_names_unknown)
{
	run("PREPARE p AS SELECT a FROM one");
	fly(CALL_PREPARE, "q", "SELECT a FROM t");
	uint64_t later = fly(CALL_PREPARE, "r", "SELECT a FROM t");

	end(later, false);
	expect_meanings("p", "unknown");
	expect_meanings("q", "unknown");
	expect_meanings("r", "unknown");
}
END_TEST

START_TEST(calls_of_which_nothing_is_known_are_waited_for)
{
	session_inherit(session, 2);
	ck_assert_uint_ne(session_lexing_doubt(session), 0);
	uint64_t own = fly(CALL_PREPARE, "p", "SELECT a FROM t");
	end(0, false);
	ck_assert_uint_ne(session_lexing_doubt(session), 0);
	end(0, true);
	ck_assert_uint_eq(session_lexing_doubt(session), 0);
	end(own, false);
	expect_meanings("p", "t");
}
END_TEST

START_TEST(more_calls_than_can_be_followed_are_unknown_until_all_have_ended)
{
	uint64_t calls[SESSION_PENDING_MAX];

	for (size_t i = 0; i < SESSION_PENDING_MAX; i++)
		calls[i] = fly(CALL_QUERY, "", "DEALLOCATE p");
	/* one more: nobody follows it, and its outcome counts for any */
	run("PREPARE p AS SELECT a FROM t");
	expect_meanings("p", "unknown");
	for (size_t i = 0; i < SESSION_PENDING_MAX; i++) {
		ck_assert_uint_eq(session_lexing_doubt(session), DOUBT_STRINGS | DOUBT_ENCODING);
		end(calls[i], false);
	}
	ck_assert_uint_eq(session_lexing_doubt(session), 0);
	run("PREPARE p AS SELECT a FROM t");
	expect_meanings("p", "t");
}
END_TEST

START_TEST(a_text_that_is_read_in_two_ways_may_mean_either)
{
	SCOPED(buf_done) struct buf one = BUF_MAX(1 * MIB);
	SCOPED(buf_done) struct buf two = BUF_MAX(1 * MIB);
	struct analyse_settings settings = { true, true, false };

	ck_assert_int_eq(analyse_postgres(SLICE("SELECT a FROM one"), &settings, &one), 0);
	ck_assert_int_eq(analyse_postgres(SLICE("SELECT a FROM two"), &settings, &two), 0);
	ck_assert_int_eq(session_sent_either(session, CALL_PREPARE, SLICE("p"),
					     facts_read(buf_view(&one)),
					     facts_read(buf_view(&two))),
			 0);
	expect_meanings("p", "one two");
	session_outcome(session, 1, false, TRANSACTION_IDLE);
	expect_meanings("p", "one two");
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, an_execution_behind_a_prepare_in_flight_may_run_the_old_text);
	tcase_add_test(tcase, names_of_both_levels_are_one_kind);
	tcase_add_test(tcase, closing_the_unnamed_statement_closes_no_other);
	tcase_add_test(tcase, a_name_that_runs_prepare_is_followed_or_all_names_are_unknown);
	tcase_add_test(tcase, a_name_with_two_texts_that_runs_prepare_makes_names_unknown);
	tcase_add_test(tcase, a_name_in_flight_is_unknown_where_others_may_have_made_it);
	tcase_add_test(tcase, what_was_lost_later_is_not_made_good_by_a_discard_before);
	tcase_add_test(tcase, the_unnamed_statement_is_not_known_behind_a_text_that_took_its_place);
	tcase_add_test(tcase, a_setting_is_in_doubt_until_its_pipeline_is_settled);
	tcase_add_test(tcase, a_sync_does_not_settle_what_is_sent_behind_it);
	tcase_add_test(tcase, a_call_that_was_not_sent_changes_nothing);
	tcase_add_test(tcase, an_outcome_that_never_came_makes_names_unknown);
	tcase_add_test(tcase, calls_of_which_nothing_is_known_are_waited_for);
	tcase_add_test(tcase, more_calls_than_can_be_followed_are_unknown_until_all_have_ended);
	tcase_add_test(tcase, a_text_that_is_read_in_two_ways_may_mean_either);
}

int main(void)
{
	return run_suite("session_flights", set_up, tear_down, add_tests);
}
