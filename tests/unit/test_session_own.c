/* SPDX-License-Identifier: MIT */
/* What a session learns of its own tables inside of a transaction, how soon it forgets that, and
 * which prepared names are older than what a name means. */
#include <check.h>
#include <stdlib.h>

#include "tests/unit/session_fixture.h"

#define IDENTITY "i 7 f - pg_temp_3 shop anna anna"
#define FUNCTION "p 17000 14 0 {} public f 23"

static struct catalogue *catalogue_of(const char *const *texts, size_t count)
{
	struct slice rows[8];
	struct catalogue *catalogue;

	for (size_t i = 0; i < count; i++)
		rows[i] = slice_of(texts[i]);
	ck_assert_int_eq(catalogue_read(rows, count, &catalogue), 0);
	return catalogue;
}

static const char *const BASE[] = { IDENTITY,           "s 1 pg_catalog",         "s 2 public",
				    "r 16500 v late t", "r 16501 r public plain", FUNCTION };
static const char *const OWN[] = { IDENTITY, "r 20001 r pg_temp_3 t", "a 20001 1 23 0 0 id",
				   "r 20002 r public q", "r 16501 r public plain" };
/* After the commit. */
static const char *const GROWN[] = {
	IDENTITY,           "s 1 pg_temp_3",          "s 2 pg_catalog",        "s 3 public",
	"r 16500 v late t", "r 16501 r public plain", "r 20001 r pg_temp_3 t", FUNCTION
};

static void open_transaction(const char *sql)
{
	send_call(CALL_QUERY, "", sql);
	session_outcome(session, 1, false, TRANSACTION_OPEN);
}

static void learn_own(void)
{
	ck_assert(session_may_learn_own(session));
	session_learn_own(session, catalogue_of(OWN, COUNT_OF(OWN)));
}

static void begin(void)
{
	session_learn(session, catalogue_of(BASE, COUNT_OF(BASE)));
	open_transaction("BEGIN");
	open_transaction("CREATE TEMP TABLE t (id int)");
}

static uint32_t own(const char *schema, const char *name)
{
	const struct catalogue_relation *table =
		session_own_table(session, slice_of(schema), slice_of(name), UINT64_MAX);

	return table ? table->oid : 0;
}

START_TEST(is_asked_for_where_something_was_made)
{
	session_learn(session, catalogue_of(BASE, COUNT_OF(BASE)));
	open_transaction("BEGIN");
	ck_assert(!session_may_learn_own(session));
	send_call(CALL_QUERY, "", "CREATE TEMP TABLE t (id int)");
	ck_assert(!session_may_learn_own(session));
	session_outcome(session, 1, false, TRANSACTION_OPEN);
	learn_own();
	ck_assert(!session_may_learn_own(session));
	open_transaction("CREATE TEMP TABLE u (id int)");
	ck_assert(session_may_learn_own(session));
}
END_TEST

START_TEST(is_not_asked_for_twice_where_it_failed)
{
	begin();
	session_learn_own(session, NULL);
	ck_assert(!session_may_learn_own(session));
	open_transaction("CREATE TEMP TABLE u (id int)");
	ck_assert(session_may_learn_own(session));
}
END_TEST

START_TEST(does_not_count_without_a_catalogue_or_while_calls_are_under_way)
{
	open_transaction("CREATE TEMP TABLE t (id int)");
	ck_assert(!session_may_learn_own(session));
	begin();
	send_call(CALL_QUERY, "", "ROLLBACK");
	session_learn_own(session, catalogue_of(OWN, COUNT_OF(OWN)));
	ck_assert_uint_eq(own("", "t"), 0);
}
END_TEST

static const struct {
	const char *schema, *name;
	uint32_t oid;
} NAMES[] = {
	{ "", "t", 20001 },      { "pg_temp", "t", 20001 }, { "pg_temp_3", "t", 20001 },
	{ "pg_temp_4", "t", 0 }, { "public", "t", 0 },      { "late", "t", 0 },
	{ "", "q", 20002 },      { "public", "q", 20002 },  { "pg_temp", "q", 0 },
	{ "", "r", 0 },          { "public", "plain", 0 },  { "", "plain", 0 },
};

START_TEST(is_found_by_its_name_alone)
{
	begin();
	ck_assert_uint_eq(own(NAMES[_i].schema, NAMES[_i].name), 0);
	learn_own();
	ck_assert_uint_eq(own(NAMES[_i].schema, NAMES[_i].name), NAMES[_i].oid);
}
END_TEST

static const struct {
	const char *sql;
	bool is_kept;
} STATEMENTS[] = {
	{ "SELECT 1", true },
	{ "INSERT INTO t VALUES (1)", true },
	{ "UPDATE t SET id = 2", true },
	{ "SELECT lower('A') FROM t", true },
	{ "SAVEPOINT a", true },
	{ "RELEASE a", true },
	{ "SET work_mem = 64", true },
	{ "PREPARE p AS SELECT * FROM t", true },
	{ "COMMIT", false },
	{ "ROLLBACK", false },
	{ "ROLLBACK AND CHAIN", false },
	{ "ROLLBACK TO a", false },
	{ "PREPARE TRANSACTION 'x'", false },
	{ "CREATE TEMP TABLE u (id int)", false },
	{ "CREATE TABLE u AS SELECT 1", false },
	{ "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", false },
	{ "CREATE TRIGGER x BEFORE INSERT ON t EXECUTE FUNCTION f()", false },
	{ "CREATE RULE r AS ON INSERT TO t DO NOTHING", false },
	{ "ALTER TABLE t RENAME TO u", false },
	{ "ALTER TABLE plain INHERIT t", false },
	{ "DROP TABLE t", false },
	{ "DISCARD TEMP", false },
	{ "SET search_path = late", false },
	{ "SET LOCAL search_path = late", false },
	{ "SET ROLE bob", false },
	{ "RESET ALL", false },
	{ "SELECT set_config('search_path', 'late', true)", false },
	{ "SELECT query_to_xml('SELECT 1', true, true, '')", false },
	{ "CALL f()", false },
	{ "DO 'BEGIN END'", false },
	{ "EXECUTE p", false },
	{ "GRANT bob TO anna", false },
};

START_TEST(is_forgotten_when_a_call_is_sent_that_may_change_it)
{
	begin();
	learn_own();
	send_call(CALL_QUERY, "", STATEMENTS[_i].sql);
	ck_assert_uint_eq(own("", "t"), STATEMENTS[_i].is_kept ? 20001 : 0);
}
END_TEST

START_TEST(lets_no_verdict_be_cached_and_no_end_pass_unseen)
{
	begin();
	ck_assert_uint_eq(session_context(session), 0);
	learn_own();
	ck_assert_uint_eq(session_context(session), 0);
	ck_assert(session_minds_transaction_end(session));
	run("ROLLBACK");
	session_learn(session, catalogue_of(BASE, COUNT_OF(BASE)));
	ck_assert_uint_ne(session_context(session), 0);
}
END_TEST

static const char *const OPAQUE[] = {
	"CALL f()",
	"DO 'BEGIN END'",
	"SELECT f()",
	"INSERT INTO t SELECT f()",
	"EXPLAIN ANALYZE SELECT f()",
	"SELECT query_to_xml('SELECT 1', true, true, '')",
	"EXECUTE unknown",
};

START_TEST(is_not_asked_for_behind_what_may_have_filled_it_unseen)
{
	begin();
	open_transaction(OPAQUE[_i]);
	ck_assert(!session_may_learn_own(session));
	open_transaction("ROLLBACK TO a");
	open_transaction("CREATE TEMP TABLE u (id int)");
	ck_assert(!session_may_learn_own(session));
	run("COMMIT");
	begin();
	ck_assert(session_may_learn_own(session));
}
END_TEST

START_TEST(is_not_asked_for_behind_a_copy_of_masked_values)
{
	begin();
	learn_own();
	session_taint(session);
	ck_assert_uint_eq(own("", "t"), 0);
	open_transaction("CREATE TEMP TABLE u (id int)");
	ck_assert(!session_may_learn_own(session));
}
END_TEST

START_TEST(is_temporary_behind_an_alter)
{
	begin();
	open_transaction("ALTER TABLE other RENAME TO q");
	learn_own();
	ck_assert_uint_eq(own("", "t"), 20001);
	ck_assert_uint_eq(own("", "q"), 0);
}
END_TEST

static bool holds_for(const char *name)
{
	const struct facts *facts[2];

	ck_assert_int_eq(session_prepared(session, slice_of(name), facts, 2), 1);
	return session_own_table(session, SLICE(""), SLICE("t"),
				 session_held_since(session, facts[0])) != NULL;
}

START_TEST(does_not_count_for_texts_that_are_older)
{
	session_learn(session, catalogue_of(BASE, COUNT_OF(BASE)));
	run("PREPARE before AS SELECT * FROM t");
	begin();
	open_transaction("PREPARE behind AS SELECT * FROM t");
	learn_own();
	ck_assert(!holds_for("before"));
	ck_assert(holds_for("behind"));
	open_transaction("CREATE TEMP TABLE t (id int)");
	open_transaction("PREPARE last AS SELECT * FROM t");
	learn_own();
	ck_assert(!holds_for("behind"));
	ck_assert(holds_for("last"));
}
END_TEST

START_TEST(does_not_count_for_a_text_that_makes_it_behind_preparing)
{
	session_learn(session, catalogue_of(BASE, COUNT_OF(BASE)));
	send_call(CALL_QUERY, "",
		  "BEGIN; PREPARE p AS SELECT * FROM t; CREATE TEMP TABLE t (id int)");
	session_outcome(session, 3, false, TRANSACTION_OPEN);
	learn_own();
	ck_assert(!holds_for("p"));
}
END_TEST

static bool is_outdated(const char *name)
{
	const struct facts *facts[2];

	ck_assert_int_eq(session_prepared(session, slice_of(name), facts, 2), 1);
	return session_is_outdated(session, facts[0]);
}

static const struct {
	const char *sql;
	bool is_hidden;
} CHANGES[] = {
	{ "CREATE TEMP TABLE t (id int)", true },
	{ "ALTER TABLE u RENAME TO t", true },
	{ "SELECT f()", true },
	{ "CREATE TEMP TABLE u (id int)", false },
	{ "SELECT 1", false },
};

START_TEST(a_prepared_name_is_outdated_when_another_relation_may_have_come_before_its_own)
{
	uint64_t context;

	session_learn(session, catalogue_of(BASE, COUNT_OF(BASE)));
	run("PREPARE p AS SELECT * FROM t");
	run("PREPARE q AS SELECT * FROM plain");
	context = session_context(session);
	run(CHANGES[_i].sql);
	ck_assert(!is_outdated("p"));
	session_learn(session, catalogue_of(GROWN, COUNT_OF(GROWN)));
	ck_assert_int_eq(is_outdated("p"), CHANGES[_i].is_hidden);
	ck_assert(!is_outdated("q"));
	session_learn(session, catalogue_of(BASE, COUNT_OF(BASE)));
	ck_assert_int_eq(session_context(session) != context, CHANGES[_i].is_hidden);
	run("DEALLOCATE p");
	run("PREPARE p AS SELECT * FROM t");
	ck_assert(!is_outdated("p"));
	ck_assert_uint_eq(session_context(session), context);
}
END_TEST

START_TEST(a_prepared_name_stays_when_nothing_came_of_it)
{
	session_learn(session, catalogue_of(BASE, COUNT_OF(BASE)));
	run("PREPARE p AS SELECT * FROM t");
	run("CREATE TABLE IF NOT EXISTS t (id int)");
	run("DROP TABLE u");
	session_learn(session, catalogue_of(BASE, COUNT_OF(BASE)));
	ck_assert(!is_outdated("p"));
	session_learn(session, catalogue_of(GROWN, COUNT_OF(GROWN)));
	ck_assert(!is_outdated("p"));
}
END_TEST

static const struct {
	const char *change, *end;
	enum session_transaction stands;
	bool is_outdated;
} ENDS[] = {
	{ "DROP TABLE t", "ROLLBACK", TRANSACTION_OPEN, true },
	{ "DROP TABLE t", "ROLLBACK TO a", TRANSACTION_OPEN, true },
	{ "DROP TABLE t", "COMMIT", TRANSACTION_FAILED, true },
	{ "DROP TABLE t", "COMMIT", TRANSACTION_ACTIVE, true },
	{ "DROP TABLE t", "COMMIT", TRANSACTION_OPEN, false },
	{ "DROP TABLE t", "SAVEPOINT b", TRANSACTION_OPEN, false },
	{ "SELECT 1", "ROLLBACK", TRANSACTION_OPEN, false },
};

START_TEST(a_name_is_outdated_that_was_prepared_among_changes_which_are_taken_back)
{
	session_learn(session, catalogue_of(GROWN, COUNT_OF(GROWN)));
	open_transaction("BEGIN");
	open_transaction("PREPARE p AS SELECT * FROM t");
	open_transaction(ENDS[_i].change);
	open_transaction("PREPARE q AS SELECT * FROM t");
	session_stands(session, ENDS[_i].stands);
	run(ENDS[_i].end);
	session_learn(session, catalogue_of(GROWN, COUNT_OF(GROWN)));
	ck_assert(!is_outdated("p"));
	ck_assert_int_eq(is_outdated("q"), ENDS[_i].is_outdated);
}
END_TEST

START_TEST(a_text_that_takes_back_what_it_changed_outdates_what_it_prepares)
{
	session_learn(session, catalogue_of(GROWN, COUNT_OF(GROWN)));
	open_transaction("BEGIN");
	session_stands(session, TRANSACTION_OPEN);
	send_call(CALL_QUERY, "", "DROP TABLE t; PREPARE p AS SELECT * FROM t; ROLLBACK");
	session_outcome(session, 3, false, TRANSACTION_IDLE);
	session_learn(session, catalogue_of(GROWN, COUNT_OF(GROWN)));
	ck_assert(is_outdated("p"));
}
END_TEST

START_TEST(a_cursor_is_outdated_by_any_change_of_its_names)
{
	const struct facts *facts[2];

	session_learn(session, catalogue_of(BASE, COUNT_OF(BASE)));
	open_transaction("BEGIN");
	open_transaction("DECLARE c CURSOR WITH HOLD FOR SELECT * FROM late.t");
	open_transaction("CREATE TABLE u (id int)");
	ck_assert_int_eq(session_cursor(session, SLICE("c"), facts, 2), 1);
	ck_assert(!session_is_outdated(session, facts[0]));
	open_transaction("CREATE OR REPLACE VIEW late.t AS SELECT 1");
	run("COMMIT");
	session_learn(session, catalogue_of(BASE, COUNT_OF(BASE)));
	ck_assert(session_is_outdated(session, facts[0]));
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, is_asked_for_where_something_was_made);
	tcase_add_test(tcase, is_not_asked_for_twice_where_it_failed);
	tcase_add_test(tcase, does_not_count_without_a_catalogue_or_while_calls_are_under_way);
	tcase_add_loop_test(tcase, is_found_by_its_name_alone, 0, COUNT_OF(NAMES));
	tcase_add_loop_test(tcase, is_forgotten_when_a_call_is_sent_that_may_change_it, 0,
			    COUNT_OF(STATEMENTS));
	tcase_add_test(tcase, lets_no_verdict_be_cached_and_no_end_pass_unseen);
	tcase_add_loop_test(tcase, is_not_asked_for_behind_what_may_have_filled_it_unseen, 0,
			    COUNT_OF(OPAQUE));
	tcase_add_test(tcase, is_not_asked_for_behind_a_copy_of_masked_values);
	tcase_add_test(tcase, is_temporary_behind_an_alter);
	tcase_add_test(tcase, does_not_count_for_texts_that_are_older);
	tcase_add_test(tcase, does_not_count_for_a_text_that_makes_it_behind_preparing);
	tcase_add_loop_test(
		tcase,
		a_prepared_name_is_outdated_when_another_relation_may_have_come_before_its_own, 0,
		COUNT_OF(CHANGES));
	tcase_add_test(tcase, a_prepared_name_stays_when_nothing_came_of_it);
	tcase_add_loop_test(tcase,
			    a_name_is_outdated_that_was_prepared_among_changes_which_are_taken_back,
			    0, COUNT_OF(ENDS));
	tcase_add_test(tcase, a_text_that_takes_back_what_it_changed_outdates_what_it_prepares);
	tcase_add_test(tcase, a_cursor_is_outdated_by_any_change_of_its_names);
}

int main(void)
{
	return run_suite("session_own", set_up, tear_down, add_tests);
}
