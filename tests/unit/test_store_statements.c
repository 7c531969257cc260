/* SPDX-License-Identifier: MIT */
/* A store's connection runs however many statements there are: in SQLite, or in PostgreSQL when told so. */
#include <check.h>
#include <errno.h>

#include "tests/unit/store_cluster.h"

#define STATEMENTS 600

static int run(struct store *store, const char *sql)
{
	return store_run(store, sql, STORE_NO_VALUES, NULL, NULL);
}

static char statements[STATEMENTS][32];

/* Each as the literal that it would be. */
static void run_many(struct store *store)
{
	for (size_t i = 0; i < STATEMENTS; i++) {
		snprintf(statements[i], sizeof(statements[i]), "SELECT %zu", i);
		ck_assert_int_eq(number(store, statements[i]), (int64_t)i);
	}
}

static int run_many_and_fail(struct store *store, void *context)
{
	(void)context;
	ck_assert_int_eq(run(store, "INSERT INTO kept VALUES (1)"), 1);
	run_many(store);
	return -ECANCELED;
}

static int run_many_within(void *context, const struct store_value *columns, size_t count)
{
	(void)count;
	ck_assert_int_eq(columns[0].kind, STORE_NUMBER);
	run_many(context);
	return 0;
}

static int queue_after_many(struct store *store, void *context)
{
	(void)context;
	run_many(store);
	ck_assert_int_eq(store_queue(store, "INSERT INTO kept VALUES (4)", STORE_NO_VALUES), 0);
	run_many(store);
	return 0;
}

START_TEST(no_number_of_statements_is_too_many)
{
	SCOPED(store_closep) struct store *store = open_store();

	ck_assert_int_eq(run(store, "CREATE TABLE kept (value BIGINT)"), 0);
	ck_assert_int_eq(store_transact(store, run_many_and_fail, NULL), -ECANCELED);
	ck_assert_int_eq(number(store, "SELECT count(*) FROM kept"), 0);
	ck_assert_int_eq(run(store, "INSERT INTO kept VALUES (1), (2), (3)"), 3);
	ck_assert_int_eq(
		store_run(store, "SELECT value FROM kept", STORE_NO_VALUES, run_many_within, store),
		0);
	ck_assert_int_eq(store_transact(store, queue_after_many, NULL), 0);
	ck_assert_int_eq(number(store, "SELECT count(*) FROM kept"), 4);
}
END_TEST

/* ---- PostgreSQL alone ---- */

static void end_connections(struct store *store)
{
	ck_assert_int_ge(number(store, "SELECT count(pg_terminate_backend(pid))"
				       " FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
				       " AND backend_type = 'client backend'"),
			 1);
	while (number(store, "SELECT count(*) FROM pg_stat_activity"
			     " WHERE backend_type = 'client backend'") > 1)
		continue;
}

START_TEST(a_session_that_was_not_set_up_is_not_used)
{
	SCOPED(store_closep) struct store *other = open_store();
	SCOPED(store_closep) struct store *store = open_store();

	ck_assert_int_ge(run(other, "CREATE SCHEMA planted"), 0);
	ck_assert_int_ge(run(other, "CREATE FUNCTION planted.current_setting(text) RETURNS text"
				    " LANGUAGE sql AS 'SELECT (1 / 0)::text'"),
			 0);
	ck_assert_int_ge(run(other, "ALTER ROLE postgres SET search_path = planted, pg_catalog"),
			 0);
	end_connections(other);
	for (int i = 0; i < 2; i++)
		ck_assert_int_lt(run(store, "SELECT 1"), 0);
	ck_assert_int_ge(run(other, "ALTER ROLE postgres RESET search_path"), 0);
	ck_assert_int_eq(number(store, "SELECT count(*) FROM pg_settings"
				       " WHERE name = 'enable_seqscan' AND setting = 'off'"),
			 1);
	ck_assert_int_ge(run(other, "DROP SCHEMA planted CASCADE"), 0);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, no_number_of_statements_is_too_many);
}

static void add_postgresql_tests(TCase *tests)
{
	add_tests(tests);
	tcase_add_test(tests, a_session_that_was_not_set_up_is_not_used);
}

int main(int argc, char **argv)
{
	(void)argv;
	return argc == 2 ? run_on_postgresql("statements in PostgreSQL", add_postgresql_tests)
			 : run_suite("statements", make_folder, remove_folder, add_tests);
}
