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

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, no_number_of_statements_is_too_many);
}

int main(int argc, char **argv)
{
	(void)argv;
	return argc == 2 ? run_on_postgresql("statements in PostgreSQL", add_tests)
			 : run_suite("statements", make_folder, remove_folder, add_tests);
}
