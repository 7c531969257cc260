/* SPDX-License-Identifier: MIT */
/* A session knows what may hold, and nothing more. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/session_fixture.h"

static void learn(const char *identity, const char *last_schema)
{
	struct slice rows[] = { slice_of(identity), SLICE("s 1 pg_catalog"),
				slice_of(last_schema) };
	struct catalogue *catalogue;

	ck_assert_int_eq(catalogue_read(rows, COUNT_OF(rows), &catalogue), 0);
	session_learn(session, catalogue);
}

static int count_prepared(const char *name)
{
	const struct facts *facts[8];

	return session_prepared(session, slice_of(name), facts, 8);
}

START_TEST(a_name_means_all_its_texts_while_an_outcome_is_open)
{
	run("PREPARE p AS SELECT 1");
	ck_assert_int_eq(count_prepared("p"), 1);
	send_call(CALL_QUERY, "", "DEALLOCATE p");
	ck_assert_int_eq(count_prepared("p"), 1);
	send_call(CALL_PREPARE, "p", "SELECT 2");
	ck_assert_int_eq(count_prepared("p"), 2);
	session_outcome(session, 1, false, TRANSACTION_IDLE);
	ck_assert_int_eq(count_prepared("p"), 1);
	session_outcome(session, 1, false, TRANSACTION_IDLE);
	ck_assert_int_eq(count_prepared("p"), 1);
}
END_TEST

START_TEST(a_failed_prepare_leaves_the_old_text)
{
	const struct facts *facts[8];

	run("PREPARE p AS SELECT a FROM old");
	send_call(CALL_PREPARE, "p", "SELECT b FROM new");
	ck_assert_int_eq(count_prepared("p"), 2);
	session_outcome(session, 0, true, TRANSACTION_IDLE);
	ck_assert_int_eq(session_prepared(session, SLICE("p"), facts, 8), 1);
	ck_assert(slice_is(facts_slice(facts[0], facts_relations(facts[0])[0].name), "old"));
}
END_TEST

START_TEST(the_unnamed_statement_is_replaced)
{
	send_call(CALL_PREPARE, "", "SELECT 1");
	session_outcome(session, 1, false, TRANSACTION_IDLE);
	send_call(CALL_PREPARE, "", "SELECT 2");
	session_outcome(session, 1, false, TRANSACTION_IDLE);
	ck_assert_int_eq(count_prepared(""), 1);
}
END_TEST

START_TEST(names_not_seen_are_unknown)
{
	ck_assert_int_eq(count_prepared("p"), -ENOENT);
	ck_assert_int_eq(count_cursors("c"), -ENOENT);
	run("PREPARE p AS SELECT 1");
	session_forget(session);
	ck_assert_int_eq(count_prepared("p"), -ENOENT);
}
END_TEST

START_TEST(too_many_meanings_are_an_error_not_a_choice)
{
	const struct facts *facts[1];

	run("PREPARE p AS SELECT 1");
	send_call(CALL_PREPARE, "p", "SELECT 2");
	ck_assert_int_eq(session_prepared(session, SLICE("p"), facts, 1), -E2BIG);
}
END_TEST

START_TEST(only_the_statements_that_worked_count)
{
	send_call(CALL_QUERY, "", "PREPARE a AS SELECT 1; PREPARE b AS SELECT 2; SELECT 1/0");
	session_outcome(session, 1, true, TRANSACTION_IDLE);
	ck_assert_int_eq(count_prepared("a"), 1);
	ck_assert_int_eq(count_prepared("b"), -ENOENT);
}
END_TEST

START_TEST(cursors_end_with_their_transaction)
{
	send_call(CALL_QUERY, "", "BEGIN");
	session_outcome(session, 1, false, TRANSACTION_OPEN);
	send_call(CALL_QUERY, "", "DECLARE c CURSOR FOR SELECT 1");
	session_outcome(session, 1, false, TRANSACTION_OPEN);
	send_call(CALL_QUERY, "", "DECLARE h CURSOR WITH HOLD FOR SELECT 1");
	session_outcome(session, 1, false, TRANSACTION_OPEN);
	ck_assert_int_eq(count_cursors("c"), 1);
	run("COMMIT");
	ck_assert_int_eq(count_cursors("c"), -ENOENT);
	ck_assert_int_eq(count_cursors("h"), 1);
	run("CLOSE ALL");
	ck_assert_int_eq(count_cursors("h"), -ENOENT);
}
END_TEST

static const struct {
	const char *sql;
	bool path_is_known;
	enum session_freshness freshness;
	unsigned doubt;
} CHANGES[] = {
	{ "SELECT 1", true, SESSION_FRESH, 0 },
	{ "SET application_name = 'x'", true, SESSION_FRESH, 0 },
	{ "SET search_path = x", false, SESSION_FRESH, 0 },
	{ "SET LOCAL search_path = x", false, SESSION_FRESH, 0 },
	{ "SET Search_Path = x", false, SESSION_FRESH, 0 },
	{ "RESET search_path", false, SESSION_FRESH, 0 },
	{ "SET ROLE x", false, SESSION_FRESH, 0 },
	{ "SET SESSION AUTHORIZATION x", false, SESSION_FRESH, 0 },
	{ "SELECT set_config('search_path', 'x', false)", false, SESSION_FRESH, 0 },
	{ "SET standard_conforming_strings = off", true, SESSION_FRESH, DOUBT_STRINGS },
	{ "SET NAMES 'LATIN1'", true, SESSION_FRESH, DOUBT_ENCODING },
	{ "RESET ALL", false, SESSION_FRESH, DOUBT_STRINGS | DOUBT_ENCODING },
	{ "DISCARD ALL", false, SESSION_CREATED, DOUBT_STRINGS | DOUBT_ENCODING },
	{ "CREATE VIEW v AS SELECT 1", true, SESSION_CREATED, 0 },
	{ "ALTER TABLE t RENAME a TO b", true, SESSION_CHANGED, 0 },
	{ "DROP TABLE t", true, SESSION_CHANGED, 0 },
	{ "SELECT mine()", true, SESSION_FRESH, 0 }, /* not in the catalogue: pg_catalog's */
	{ "DO $$ BEGIN END $$", false, SESSION_CHANGED, DOUBT_STRINGS | DOUBT_ENCODING },
};

START_TEST(what_a_statement_may_change_is_doubted_at_once)
{
	learn("i 7 f - - shop anna anna", "s 2 public");
	ck_assert(session_path_is_known(session));
	send_call(CALL_QUERY, "", CHANGES[_i].sql);
	ck_assert_int_eq(session_path_is_known(session), CHANGES[_i].path_is_known);
	ck_assert_int_eq(session_freshness(session), CHANGES[_i].freshness);
	ck_assert_uint_eq(session_lexing_doubt(session), CHANGES[_i].doubt);
	ck_assert_int_eq(session_wants_learning(session),
			 !CHANGES[_i].path_is_known || CHANGES[_i].freshness != SESSION_FRESH);
	ck_assert_uint_eq(session_context(session), 0);
	session_outcome(session, 1, false, TRANSACTION_IDLE);
	ck_assert(session_lexing_doubt(session) == 0);
	learn("i 7 f - - shop anna anna", "s 2 public");
	ck_assert(session_path_is_known(session));
	ck_assert_int_eq(session_freshness(session), SESSION_FRESH);
}
END_TEST

#define BARE "SELECT pg_catalog.set_config('search_path', '', false)"

/* One call in an open transaction. */
static void run_inside(const char *sql)
{
	send_call(CALL_QUERY, "", sql);
	session_outcome(session, 1, false, TRANSACTION_OPEN);
}

static void bare_the_path(void)
{
	learn("i 7 f - - shop anna anna", "s 2 public");
	run_inside("BEGIN");
	run_inside("RESET search_path");
	ck_assert(!session_path_is_known(session));
	run_inside(BARE ";");
	ck_assert(session_path_is_bare(session) && session_path_is_known(session));
	ck_assert(session_wants_learning(session));
}

static const struct {
	const char *sql;
	bool is_bare;
} BEHIND_BARE[] = {
	{ "SELECT 1", true },
	{ "SAVEPOINT s", true },
	{ "SET work_mem = '5MB'", true },
	{ "SET search_path = x", false },
	{ "SET ROLE x", false },
	{ "ROLLBACK TO s", false },
	{ "ROLLBACK", false },
	{ "COMMIT", false },
	{ "DO $$ BEGIN END $$", false },
	{ "SELECT no_function_of_the_servers(", false },
};

START_TEST(a_path_set_to_nothing_is_known_until_something_may_change_it)
{
	bare_the_path();
	send_call(CALL_QUERY, "", BEHIND_BARE[_i].sql);
	ck_assert_int_eq(session_path_is_bare(session), BEHIND_BARE[_i].is_bare);
	session_outcome(session, 1, false, TRANSACTION_OPEN);
	ck_assert_int_eq(session_path_is_bare(session), BEHIND_BARE[_i].is_bare);
}
END_TEST

static const char *const NOT_BARE[] = {
	"SELECT pg_catalog.set_config('search_path', '', true)",
	"SELECT pg_catalog.set_config('search_path', 'x', false)",
	"SELECT pg_catalog.set_config('search_path', ' ', false)",
	"SELECT pg_catalog.set_config('search_path', '', 'f')",
	"SELECT pg_catalog.set_config('role', '', false)",
	"SELECT set_config('search_path', '', false)",
	"SELECT x.set_config('search_path', '', false)",
	"SELECT pg_catalog.set_config('search_path', '', false) WHERE false",
	"SELECT pg_catalog.set_config('search_path', '', false) FROM t",
	"SELECT pg_catalog.set_config('search_path', '', false) LIMIT 0",
	"SELECT pg_catalog.set_config('search_path', '', false) OFFSET 1",
	"SELECT pg_catalog.set_config('search_path', '', false), "
	"pg_catalog.set_config('search_path', 'x', false)",
	"SELECT pg_catalog.set_config('search_path', '', false) UNION SELECT 'x'",
	"WITH w AS (SELECT 1) SELECT pg_catalog.set_config('search_path', '', false)",
	"EXPLAIN SELECT pg_catalog.set_config('search_path', '', false)",
	"PREPARE p AS SELECT pg_catalog.set_config('search_path', '', false)",
	BARE "; SET search_path = x",
	"SET search_path = x; " BARE,
};

START_TEST(nothing_else_makes_the_path_known_inside_a_transaction)
{
	learn("i 7 f - - shop anna anna", "s 2 public");
	run_inside("BEGIN");
	run_inside("RESET search_path");
	run_inside(NOT_BARE[_i]);
	ck_assert(!session_path_is_bare(session) && !session_path_is_known(session));
}
END_TEST

START_TEST(the_path_is_bare_only_once_it_is_and_nothing_takes_it_back)
{
	learn("i 7 f - - shop anna anna", "s 2 public");
	send_call(CALL_QUERY, "", BARE);
	ck_assert(!session_path_is_known(session));
	/* With other calls under way, or at the end of an implicit transaction. */
	send_call(CALL_QUERY, "", "SET search_path = x");
	session_outcome(session, 1, false, TRANSACTION_OPEN);
	session_outcome(session, 1, false, TRANSACTION_OPEN);
	ck_assert(!session_path_is_bare(session));
	send_call(CALL_QUERY, "", BARE);
	session_outcome(session, 0, true, TRANSACTION_OPEN);
	ck_assert(!session_path_is_bare(session));
	send_call(CALL_QUERY, "", BARE);
	session_outcome(session, 1, false, TRANSACTION_IDLE);
	ck_assert(!session_path_is_bare(session));
	bare_the_path();
	session_forget(session);
	ck_assert(!session_path_is_bare(session) && !session_path_is_known(session));
	bare_the_path();
	learn("i 7 f - - shop anna anna", "s 2 public");
	ck_assert(!session_path_is_bare(session) && session_path_is_known(session));
}
END_TEST

START_TEST(a_rollback_may_change_lexing_back)
{
	learn("i 7 f - - shop anna anna", "s 2 public");
	send_call(CALL_QUERY, "", "BEGIN");
	session_outcome(session, 1, false, TRANSACTION_OPEN);
	send_call(CALL_QUERY, "", "SET standard_conforming_strings = off");
	session_outcome(session, 1, false, TRANSACTION_OPEN);
	send_call(CALL_QUERY, "", "ROLLBACK");
	ck_assert(session_lexing_doubt(session) == DOUBT_STRINGS);
	session_outcome(session, 1, false, TRANSACTION_IDLE);
	send_call(CALL_QUERY, "", "ROLLBACK");
	ck_assert(session_lexing_doubt(session) == 0);
}
END_TEST

START_TEST(equal_sessions_share_a_context_and_others_do_not)
{
	uint64_t first;

	ck_assert_uint_eq(session_context(session), 0); /* nothing was learned yet */
	learn("i 7 f - - shop anna anna", "s 2 public");
	first = session_context(session);
	ck_assert_uint_ne(first, 0);
	start("pg-prod-2", "shop");
	learn("i 8 f - - shop anna anna", "s 2 public");
	ck_assert_uint_eq(session_context(session), first);
	learn("i 8 f - - shop anna anna", "s 2 evil");
	ck_assert_uint_ne(session_context(session), first);
	learn("i 8 f - - shop anna anna", "s 2 public");
	ck_assert_int_eq(
		session_parameter(session, SLICE("standard_conforming_strings"), SLICE("off")), 0);
	ck_assert_uint_ne(session_context(session), first);
	ck_assert_int_eq(
		session_parameter(session, SLICE("standard_conforming_strings"), SLICE("on")), 0);
	ck_assert_uint_eq(session_context(session), first);
	run("PREPARE p AS SELECT 1");
	ck_assert_uint_ne(session_context(session), first);
	run("DEALLOCATE p");
	ck_assert_uint_eq(session_context(session), first);
}
END_TEST

START_TEST(names_are_learned_again_in_another_encoding)
{
	ck_assert_int_eq(session_parameter(session, SLICE("client_encoding"), SLICE("UTF8")), 0);
	learn("i 7 f - - shop anna anna", "s 2 public");
	ck_assert_int_eq(session_parameter(session, SLICE("client_encoding"), SLICE("UTF8")), 0);
	ck_assert(!session_wants_learning(session));
	ck_assert_int_eq(session_parameter(session, SLICE("client_encoding"), SLICE("LATIN1")), 0);
	ck_assert(session_wants_learning(session));
}
END_TEST

START_TEST(encodings_with_ascii_inside_characters_are_not_safe)
{
	const char *const unsafe[] = {
		"SJIS", "BIG5", "GBK", "GB18030", "UHC", "JOHAB", "nonsense"
	};

	for (size_t i = 0; i < COUNT_OF(unsafe); i++) {
		ck_assert_int_eq(
			session_parameter(session, SLICE("client_encoding"), slice_of(unsafe[i])),
			0);
		ck_assert(!session_lexing(session).is_ascii_safe);
	}
	ck_assert_int_eq(session_parameter(session, SLICE("client_encoding"), SLICE("UTF8")), 0);
	ck_assert(session_lexing(session).is_ascii_safe);
}
END_TEST

/* It is this entry of the policy's databases, and no other connection. */
static bool is_confirmed(uint32_t index)
{
	return session_may_be_database(session, index) && !session_may_be_other_database(session);
}

static bool is_other(void)
{
	for (uint32_t i = 0; i < policy->database_count; i++) {
		if (session_may_be_database(session, i))
			return false;
	}
	return session_may_be_other_database(session);
}

START_TEST(a_database_is_confirmed_by_what_the_server_says)
{
	ck_assert(!is_confirmed(0));
	ck_assert(session_may_be_database(session, 0));
	learn("i 7 f - - shop anna anna", "s 2 public");
	ck_assert(is_confirmed(0));
	learn("i 7 f - - other anna anna", "s 2 public");
	ck_assert(!session_may_be_database(session, 0));
	ck_assert(is_other());
	start("pg-id", "x");
	ck_assert(session_may_be_database(session, 2));
	learn("i 7 f - - x anna anna", "s 2 public");
	ck_assert(!is_confirmed(2));
	learn("i 7 f 42 - x anna anna", "s 2 public");
	ck_assert(is_confirmed(2));
	start("elsewhere", "shop");
	ck_assert(is_other());
}
END_TEST

START_TEST(sockets_and_hosts_do_not_stand_in_for_each_other)
{
	address = (struct session_address){ .engine = ENGINE_POSTGRES,
					    .port = 5432,
					    .socket = SLICE("/run/pg"),
					    .database = SLICE("shop") };
	session_free(session);
	ck_assert_int_eq(session_new(policy, &address, &session), 0);
	ck_assert(is_confirmed(1));
	ck_assert(!session_may_be_database(session, 0));
}
END_TEST

START_TEST(another_backend_than_ours_means_a_pooler)
{
	address.backend_pid = 7;
	session_free(session);
	ck_assert_int_eq(session_new(policy, &address, &session), 0);
	learn("i 8 f - - shop anna anna", "s 2 public");
	ck_assert(!session_path_is_known(session));
	run("PREPARE p AS SELECT 1");
	run("DEALLOCATE p");
	ck_assert_int_eq(count_prepared("p"), 1);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, a_name_means_all_its_texts_while_an_outcome_is_open);
	tcase_add_test(tcase, a_failed_prepare_leaves_the_old_text);
	tcase_add_test(tcase, the_unnamed_statement_is_replaced);
	tcase_add_test(tcase, names_not_seen_are_unknown);
	tcase_add_test(tcase, too_many_meanings_are_an_error_not_a_choice);
	tcase_add_test(tcase, only_the_statements_that_worked_count);
	tcase_add_test(tcase, cursors_end_with_their_transaction);
	tcase_add_loop_test(tcase, what_a_statement_may_change_is_doubted_at_once, 0,
			    COUNT_OF(CHANGES));
	tcase_add_loop_test(tcase, a_path_set_to_nothing_is_known_until_something_may_change_it, 0,
			    COUNT_OF(BEHIND_BARE));
	tcase_add_loop_test(tcase, nothing_else_makes_the_path_known_inside_a_transaction, 0,
			    COUNT_OF(NOT_BARE));
	tcase_add_test(tcase, the_path_is_bare_only_once_it_is_and_nothing_takes_it_back);
	tcase_add_test(tcase, a_rollback_may_change_lexing_back);
	tcase_add_test(tcase, equal_sessions_share_a_context_and_others_do_not);
	tcase_add_test(tcase, names_are_learned_again_in_another_encoding);
	tcase_add_test(tcase, encodings_with_ascii_inside_characters_are_not_safe);
	tcase_add_test(tcase, a_database_is_confirmed_by_what_the_server_says);
	tcase_add_test(tcase, sockets_and_hosts_do_not_stand_in_for_each_other);
	tcase_add_test(tcase, another_backend_than_ours_means_a_pooler);
}

int main(void)
{
	return run_suite("session", set_up, tear_down, add_tests);
}
