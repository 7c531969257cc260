/* SPDX-License-Identifier: MIT */
/* The store keeps what it is given, undoes what fails, and lets writers take turns: in SQLite, or in
 * PostgreSQL when told so. */
#include <check.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/store_cluster.h"

#define WRITERS    4
#define INCREMENTS 100

static int run(struct store *store, const char *sql)
{
	return store_run(store, sql, STORE_NO_VALUES, NULL, NULL);
}

static const struct store_value WRITTEN[] = {
	{ STORE_NULL, 0, { NULL, 0 } },
	{ STORE_NUMBER, INT64_MIN, { NULL, 0 } },
	{ STORE_NUMBER, INT64_MAX, { NULL, 0 } },
	{ STORE_TEXT, 0, { "", 0 } },
	{ STORE_TEXT, 0, { NULL, 0 } },
	{ STORE_TEXT, 0, { "12", 2 } },
	{ STORE_TEXT, 0, { "'); DROP TABLE kept; --", 23 } },
	{ STORE_BYTES, 0, { "", 0 } },
	{ STORE_BYTES, 0, { "\0\xff'", 3 } },
};

static int compare(void *context, const struct store_value *columns, size_t count)
{
	const struct store_value *written = context;

	ck_assert_uint_eq(count, 1);
	ck_assert_int_eq(columns[0].kind, written->kind);
	ck_assert_int_eq(columns[0].number, written->number);
	ck_assert(slice_equal(columns[0].bytes, written->bytes));
	return 0;
}

START_TEST(gives_back_what_it_was_given)
{
	static const char *const TABLES[] = {
		[STORE_NULL] = "CREATE TABLE kept (value TEXT)",
		[STORE_NUMBER] = "CREATE TABLE kept (value BIGINT)",
		[STORE_TEXT] = "CREATE TABLE kept (value TEXT)",
		[STORE_BYTES] = "CREATE TABLE kept (value BYTEA)",
	};
	SCOPED(store_closep) struct store *store = open_store();
	struct store_value written = WRITTEN[_i];

	ck_assert_int_ge(run(store, TABLES[written.kind]), 0);
	ck_assert_int_eq(
		store_run(store, "INSERT INTO kept VALUES ($1)", STORE_VALUES(written), NULL, NULL),
		1);
	ck_assert_int_eq(
		store_run(store, "SELECT value FROM kept", STORE_NO_VALUES, compare, &written), 0);
}
END_TEST

START_TEST(says_what_is_wrong)
{
	SCOPED(store_closep) struct store *store = open_store();

	ck_assert_int_ge(run(store, "CREATE TABLE kept (name TEXT PRIMARY KEY)"), 0);
	ck_assert_int_eq(run(store, "INSERT INTO kept VALUES ('a')"), 1);
	ck_assert_int_eq(run(store, "INSERT INTO kept VALUES ('a')"), -EEXIST);
	ck_assert_int_eq(run(store, "INSERT INTO kept VALUES (NULL), ('b', 'c')"), -EINVAL);
	ck_assert_int_eq(run(store, "SELECT name FROM nowhere"), -EINVAL);
	ck_assert_ptr_nonnull(strstr(store_trouble(store), "nowhere"));
	ck_assert_int_eq(run(store, "SELECT name FROM kept WHERE name = $1"), -EINVAL);
	ck_assert_int_eq(run(store, "INSERT INTO kept VALUES ('b'), ('c')"), 2);
	ck_assert_int_eq(run(store, "DELETE FROM kept"), 3);
}
END_TEST

static int ask_wrongly(struct store *store, void *context)
{
	(void)context;
	return run(store, "SELECT name FROM nowhere");
}

static int queue_wrongly(struct store *store, void *context)
{
	(void)context;
	return store_queue(store, "DELETE FROM nowhere", STORE_NO_VALUES);
}

START_TEST(says_what_was_wrong_in_what_was_undone)
{
	SCOPED(store_closep) struct store *store = open_store();

	ck_assert_int_eq(store_transact(store, queue_wrongly, NULL), -EINVAL);
	ck_assert_ptr_nonnull(strstr(store_trouble(store), "nowhere"));
	ck_assert_int_eq(run(store, "SELECT 1"), 0);
	ck_assert_int_eq(store_transact(store, ask_wrongly, NULL), -EINVAL);
	ck_assert_ptr_nonnull(strstr(store_trouble(store), "nowhere"));
	ck_assert_int_eq(run(store, "SELECT 1"), 0);
	ck_assert_str_eq(store_trouble(store), "");
}
END_TEST

static int fail_behind_a_write(struct store *store, void *context)
{
	ck_assert_int_eq(run(store, "INSERT INTO kept VALUES (1)"), 1);
	return *(int *)context;
}

START_TEST(undoes_what_fails)
{
	SCOPED(store_closep) struct store *store = open_store();
	int result = -ECANCELED;

	ck_assert_int_ge(run(store, "CREATE TABLE kept (value BIGINT)"), 0);
	ck_assert_int_eq(store_transact(store, fail_behind_a_write, &result), -ECANCELED);
	ck_assert_int_eq(number(store, "SELECT count(*) FROM kept"), 0);
	result = 0;
	ck_assert_int_eq(store_transact(store, fail_behind_a_write, &result), 0);
	ck_assert_int_eq(number(store, "SELECT count(*) FROM kept"), 1);
}
END_TEST

/* Reads, then writes what it made of it: two that do so at once would lose one. */
static int increment(struct store *store, void *context)
{
	struct store_value next = store_number(number(store, "SELECT value FROM kept") + 1);
	int r = store_run(store, "UPDATE kept SET value = $1", STORE_VALUES(next), NULL, NULL);

	(void)context;
	return r < 0 ? r : 0;
}

static void write_many(void)
{
	struct store *store = open_store();

	for (int i = 0; i < INCREMENTS; i++) {
		if (store_transact(store, increment, NULL) != 0)
			_exit(1);
	}
	store_close(store);
	_exit(0);
}

START_TEST(writers_take_turns)
{
	SCOPED(store_closep) struct store *store = open_store();
	int status;

	ck_assert_int_ge(run(store, "CREATE TABLE kept (value BIGINT)"), 0);
	ck_assert_int_eq(run(store, "INSERT INTO kept VALUES (0)"), 1);
	for (int i = 0; i < WRITERS; i++) {
		if (fork() == 0)
			write_many();
	}
	for (int i = 0; i < WRITERS; i++) {
		ck_assert_int_gt(wait(&status), 0);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_int_eq(number(store, "SELECT value FROM kept"), WRITERS * INCREMENTS);
}
END_TEST

/* A second store of the same process must leave the first one's locks alone: without them another
 * process that closes last takes the journal away. */
START_TEST(what_one_writes_others_see_while_it_is_open)
{
	struct store *first = open_store();
	int status;

	ck_assert_int_ge(run(first, "CREATE TABLE kept (value BIGINT)"), 0);
	store_close(first);
	SCOPED(store_closep) struct store *store = open_store();
	ck_assert_int_eq(number(store, "SELECT count(*) FROM kept"), 0);
	SCOPED(store_closep) struct store *second = open_store();
	for (int i = 1; i <= 3; i++) {
		ck_assert_int_eq(run(second, "INSERT INTO kept VALUES (1)"), 1);
		if (fork() == 0)
			execl("/proc/self/exe", "test_store", "look", url[0] ? url : path, NULL);
		ck_assert_int_gt(wait(&status), 0);
		ck_assert_int_eq(WEXITSTATUS(status), i);
	}
}
END_TEST

START_TEST(the_file_is_its_owners)
{
	struct stat status;

	store_close(open_store());
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_int_eq(status.st_mode & 0777, 0600);
}
END_TEST

START_TEST(a_planted_link_is_not_followed)
{
	struct store *store;
	struct error error;

	ck_assert_int_eq(symlink("elsewhere", path), 0);
	ck_assert_int_eq(store_open_sqlite(path, &store, &error), -ELOOP);
	ck_assert_ptr_nonnull(strstr(error.text, path));
}
END_TEST

/* What the last of some statements tells, and what its transaction leaves. */
static int queue_some(struct store *store, void *context)
{
	const char *const *last = context;

	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(store_queue(store, "INSERT INTO kept VALUES ($1)",
					     STORE_VALUES(store_number(i))),
				 0);
	int r = store_queue(store, *last, STORE_NO_VALUES);
	return r == 0 ? store_queue(store, "INSERT INTO kept VALUES (-1)", STORE_NO_VALUES) : r;
}

static int queue_counted(struct store *store, void *context)
{
	int *changes = context;

	ck_assert_int_eq(store_queue_counted(store, "INSERT INTO kept VALUES (1), (2)",
					     STORE_NO_VALUES, changes),
			 0);
	ck_assert_int_eq(store_queue_counted(
				 store, "INSERT INTO kept VALUES (1), (3) ON CONFLICT DO NOTHING",
				 STORE_NO_VALUES, changes + 1),
			 0);
	ck_assert_int_eq(store_queue_counted(store, "DELETE FROM kept WHERE value = 7",
					     STORE_NO_VALUES, changes + 2),
			 0);
	return store_settle(store);
}

START_TEST(what_is_queued_is_counted)
{
	SCOPED(store_closep) struct store *store = open_store();
	int changes[3] = { -1, -1, -1 };

	ck_assert_int_ge(run(store, "CREATE TABLE kept (value BIGINT PRIMARY KEY)"), 0);
	ck_assert_int_eq(store_transact(store, queue_counted, changes), 0);
	ck_assert_int_eq(changes[0], 2);
	ck_assert_int_eq(changes[1], 1);
	ck_assert_int_eq(changes[2], 0);
}
END_TEST

START_TEST(what_is_queued_is_there_or_undone)
{
	static const char *lasts[] = { "INSERT INTO kept VALUES (7)",
				       "INSERT INTO nowhere VALUES (7)",
				       "INSERT INTO kept VALUES (-2)" };
	SCOPED(store_closep) struct store *store = open_store();

	ck_assert_int_ge(run(store, "CREATE TABLE kept (value BIGINT PRIMARY KEY)"), 0);
	ck_assert_int_eq(store_transact(store, queue_some, &lasts[0]), -EEXIST);
	ck_assert_int_eq(number(store, "SELECT count(*) FROM kept"), 0);
	ck_assert_int_eq(store_transact(store, queue_some, &lasts[1]), -EINVAL);
	ck_assert_int_eq(store_transact(store, queue_some, &lasts[2]), 0);
	ck_assert_int_eq(number(store, "SELECT count(*) FROM kept"), 1002);
	ck_assert_int_eq(store_queue(store, "INSERT INTO kept VALUES (-3)", STORE_NO_VALUES), 0);
	ck_assert_int_eq(number(store, "SELECT count(*) FROM kept"), 1003);
}
END_TEST

/* ---- PostgreSQL alone ---- */

/* Ends the connections of all others. */
static void end_connections(void)
{
	struct store *store = open_store();

	ck_assert_int_ge(number(store, "SELECT count(pg_terminate_backend(pid))"
				       " FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
				       " AND backend_type = 'client backend'"),
			 1);
	while (number(store, "SELECT count(*) FROM pg_stat_activity"
			     " WHERE backend_type = 'client backend'") > 1)
		continue;
	store_close(store);
}

START_TEST(a_lost_connection_is_made_anew)
{
	SCOPED(store_closep) struct store *store = open_store();

	ck_assert_int_ge(run(store, "CREATE TABLE kept (value BIGINT)"), 0);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(run(store, "INSERT INTO kept VALUES (1)"), 1);
		end_connections();
	}
	ck_assert_int_eq(number(store, "SELECT count(*) FROM kept"), 3);
}
END_TEST

/* Loses its connection the first time: at once, or behind what is queued. */
static int lose_connection(struct store *store, void *context)
{
	int *tries = context;
	int r = store_queue(store, "INSERT INTO kept VALUES (1)", STORE_NO_VALUES);

	if ((*tries)++ == 0) {
		ck_assert_int_eq(number(store, "SELECT count(*) FROM kept"), 1);
		end_connections();
	}
	if (r == 0)
		r = store_queue(store, "INSERT INTO kept VALUES (2)", STORE_NO_VALUES);
	return r == 0 ? store_do(store, "INSERT INTO kept VALUES (3)", STORE_NO_VALUES) : r;
}

START_TEST(a_transaction_that_lost_its_connection_runs_again)
{
	SCOPED(store_closep) struct store *store = open_store();
	int tries = 0;

	ck_assert_int_ge(run(store, "CREATE TABLE kept (value BIGINT)"), 0);
	ck_assert_int_eq(store_transact(store, lose_connection, &tries), 0);
	ck_assert_int_eq(tries, 2);
	ck_assert_int_eq(number(store, "SELECT count(*) FROM kept"), 3);
}
END_TEST

static int lose_connection_last(struct store *store, void *context)
{
	++*(int *)context;
	ck_assert_int_eq(run(store, "INSERT INTO kept VALUES (1)"), 1);
	end_connections();
	return 0;
}

START_TEST(a_transaction_that_ends_with_its_connection_is_not_run_again)
{
	SCOPED(store_closep) struct store *store = open_store();
	int tries = 0;

	ck_assert_int_ge(run(store, "CREATE TABLE kept (value BIGINT)"), 0);
	ck_assert_int_eq(store_transact(store, lose_connection_last, &tries), -EIO);
	ck_assert_int_eq(tries, 1);
	ck_assert_int_eq(number(store, "SELECT count(*) FROM kept"), 0);
}
END_TEST

static int hide_a_failure(struct store *store, void *context)
{
	ck_assert_int_eq(run(store, "INSERT INTO kept VALUES (1)"), 1);
	ck_assert_int_eq(run(store, context), -EINVAL);
	return 0;
}

START_TEST(a_failure_that_nobody_told_of_is_told_at_the_end)
{
	SCOPED(store_closep) struct store *store = open_store();

	ck_assert_int_ge(run(store, "CREATE TABLE kept (value BIGINT)"), 0);
	ck_assert_int_eq(store_transact(store, hide_a_failure, (char[]){ "SELECT * FROM nowhere" }),
			 -EIO);
	ck_assert_int_eq(number(store, "SELECT count(*) FROM kept"), 0);
}
END_TEST

START_TEST(a_session_is_as_it_has_to_be)
{
	struct store *store = open_store();

	ck_assert_int_ge(run(store, "ALTER ROLE postgres SET synchronous_commit = off"), 0);
	store_close(store);
	store = open_store();
	ck_assert_int_eq(number(store, "SELECT count(*) FROM pg_settings"
				       " WHERE name = 'synchronous_commit' AND setting = 'on'"),
			 1);
	ck_assert_int_ge(run(store, "ALTER ROLE postgres RESET synchronous_commit"), 0);
	store_close(store);
}
END_TEST

START_TEST(a_database_that_a_crash_damages_is_told_of)
{
	SCOPED(store_closep) struct store *store = open_store();
	struct error error;

	ck_assert_int_eq(store_check(store, &error), -EUCLEAN); /* as cluster.c starts it */
	ck_assert_ptr_nonnull(strstr(error.text, "fsync"));
}
END_TEST

START_TEST(no_password_is_told)
{
	static const char *const URLS[] = { "postgresql://me:hidden@[::1/x",
					    "host=/tmp password=hidden",
					    "postgresql://me:hidden@127.0.0.1:1/x" };
	struct store *store;
	struct error error;

	for (size_t i = 0; i < COUNT_OF(URLS); i++) {
		ck_assert_int_lt(store_open_postgresql(URLS[i], &store, &error), 0);
		ck_assert_ptr_null(strstr(error.text, "hidden"));
	}
}
END_TEST

/* ---- the schema ---- */

START_TEST(the_schema_is_raised_once)
{
	SCOPED(store_closep) struct store *store = open_store();
	struct error error;

	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(schema_raise(store, &error), 0);
		ck_assert_int_eq(number(store, "SELECT count(*) FROM schema_version"), 1);
		ck_assert_int_eq(number(store, "SELECT count(*) FROM account"), 0);
	}
}
END_TEST

START_TEST(a_newer_database_is_left_alone)
{
	SCOPED(store_closep) struct store *store = open_store();
	struct error error;

	ck_assert_int_eq(schema_raise(store, &error), 0);
	ck_assert_int_eq(run(store, "UPDATE schema_version SET version = '1000'"), 1);
	ck_assert_int_eq(schema_raise(store, &error), -EPROTO);
	ck_assert_ptr_nonnull(strstr(error.text, "1000"));
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_loop_test(tests, gives_back_what_it_was_given, 0, COUNT_OF(WRITTEN));
	tcase_add_test(tests, says_what_is_wrong);
	tcase_add_test(tests, says_what_was_wrong_in_what_was_undone);
	tcase_add_test(tests, undoes_what_fails);
	tcase_add_test(tests, writers_take_turns);
	tcase_add_test(tests, what_one_writes_others_see_while_it_is_open);
	tcase_add_test(tests, what_is_queued_is_there_or_undone);
	tcase_add_test(tests, what_is_queued_is_counted);
	tcase_add_test(tests, the_schema_is_raised_once);
	tcase_add_test(tests, a_newer_database_is_left_alone);
}

static void add_sqlite_tests(TCase *tests)
{
	add_tests(tests);
	tcase_add_test(tests, the_file_is_its_owners);
	tcase_add_test(tests, a_planted_link_is_not_followed);
}

static void add_postgresql_tests(TCase *tests)
{
	add_tests(tests);
	tcase_add_test(tests, a_lost_connection_is_made_anew);
	tcase_add_test(tests, a_transaction_that_lost_its_connection_runs_again);
	tcase_add_test(tests, a_transaction_that_ends_with_its_connection_is_not_run_again);
	tcase_add_test(tests, a_failure_that_nobody_told_of_is_told_at_the_end);
	tcase_add_test(tests, a_session_is_as_it_has_to_be);
	tcase_add_test(tests, a_database_that_a_crash_damages_is_told_of);
	tcase_add_test(tests, no_password_is_told);
}

static int count_row(void *context, const struct store_value *columns, size_t count)
{
	(void)columns;
	(void)count;
	++*(int *)context;
	return 0;
}

/* Another process: how many rows it sees. */
static int look(const char *where)
{
	SCOPED(store_closep) struct store *store = NULL;
	struct error error;
	int r, seen = 0;

	if (where[0] == '/')
		r = store_open_sqlite(where, &store, &error);
	else
		r = store_open_postgresql(where, &store, &error);
	if (r < 0 ||
	    store_run(store, "SELECT value FROM kept", STORE_NO_VALUES, count_row, &seen) < 0)
		return 100;
	return seen;
}

int main(int argc, char **argv)
{
	if (argc == 3)
		return look(argv[2]);
	return argc == 2 ? run_on_postgresql("store in PostgreSQL", add_postgresql_tests)
			 : run_suite("store", make_folder, remove_folder, add_sqlite_tests);
}
