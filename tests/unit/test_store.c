/* SPDX-License-Identifier: MIT */
/* The store keeps what it is given, undoes what fails, and lets writers take turns. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/store_fixture.h"

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

START_TEST(says_what_was_wrong_in_what_was_undone)
{
	SCOPED(store_closep) struct store *store = open_store();

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
			execl("/proc/self/exe", "test_store", path, NULL);
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
	tcase_add_test(tests, the_file_is_its_owners);
	tcase_add_test(tests, a_planted_link_is_not_followed);
	tcase_add_test(tests, the_schema_is_raised_once);
	tcase_add_test(tests, a_newer_database_is_left_alone);
}

static int count_row(void *context, const struct store_value *columns, size_t count)
{
	(void)columns;
	(void)count;
	++*(int *)context;
	return 0;
}

/* Another process: how many rows it sees. */
static int look(const char *file)
{
	SCOPED(store_closep) struct store *store = NULL;
	struct error error;
	int seen = 0;

	if (store_open_sqlite(file, &store, &error) < 0 ||
	    store_run(store, "SELECT value FROM kept", STORE_NO_VALUES, count_row, &seen) < 0)
		return 100;
	return seen;
}

int main(int argc, char **argv)
{
	return argc > 1 ? look(argv[1]) : run_suite("store", make_folder, remove_folder, add_tests);
}
