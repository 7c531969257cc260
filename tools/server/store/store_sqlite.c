/* SPDX-License-Identifier: MIT */
/* The store in one SQLite file, in write-ahead mode: readers never wait for the one writer. */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/server/store/statements.h"
#include "tools/server/store/store_engine.h"

#define PATIENCE_MS 10000
#define FINDING_MAX 300u

struct sqlite_store {
	struct store store;
	sqlite3 *database;
	struct statements statements;
	sqlite3_stmt *prepared[STATEMENTS_MAX]; /* each in its place */
};

static struct sqlite_store *own(struct store *store)
{
	return (struct sqlite_store *)store;
}

/* Extended codes stand before the primary ones that they belong to. */
static const struct {
	int code, result;
} RESULTS[] = {
	{ SQLITE_OK, 0 },
	{ SQLITE_ROW, 0 },
	{ SQLITE_DONE, 0 },
	{ SQLITE_BUSY, -EAGAIN },
	{ SQLITE_LOCKED, -EAGAIN },
	{ SQLITE_CONSTRAINT_UNIQUE, -EEXIST },
	{ SQLITE_CONSTRAINT_PRIMARYKEY, -EEXIST },
	{ SQLITE_CONSTRAINT, -EINVAL },
	{ SQLITE_ERROR, -EINVAL },
	{ SQLITE_RANGE, -EINVAL },
	{ SQLITE_NOMEM, -ENOMEM },
	{ SQLITE_FULL, -ENOSPC },
	{ SQLITE_READONLY, -EROFS },
};

static int as_errno(int code)
{
	for (size_t i = 0; i < COUNT_OF(RESULTS); i++) {
		if (code == RESULTS[i].code || (code & 0xff) == RESULTS[i].code)
			return RESULTS[i].result;
	}
	return -EIO;
}

static void sqlite_close(struct store *store)
{
	struct sqlite_store *sqlite = own(store);

	for (size_t i = 0; i < STATEMENTS_MAX; i++)
		sqlite3_finalize(sqlite->prepared[i]);
	sqlite3_close(sqlite->database);
	free(sqlite);
}

/* Where a statement that is new can go: not where one is whose rows are being looked at. */
static int make_place(struct sqlite_store *sqlite, const char *sql, size_t *ret_place)
{
	for (size_t tries = 0; tries < STATEMENTS_MAX; tries++) {
		(void)statements_find(&sqlite->statements, sql, ret_place);
		if (!sqlite3_stmt_busy(sqlite->prepared[*ret_place]))
			return 0;
		statements_touch(&sqlite->statements, *ret_place);
	}
	return -E2BIG;
}

static int prepare_new(struct sqlite_store *sqlite, const char *sql, size_t *ret_place)
{
	sqlite3_stmt *statement;
	int r = make_place(sqlite, sql, ret_place);

	if (r < 0)
		return r;
	int code = sqlite3_prepare_v3(sqlite->database, sql, -1, SQLITE_PREPARE_PERSISTENT,
				      &statement, NULL);
	if (code != SQLITE_OK)
		return as_errno(sqlite3_extended_errcode(sqlite->database));
	sqlite3_finalize(sqlite->prepared[*ret_place]);
	sqlite->prepared[*ret_place] = statement;
	statements_put(&sqlite->statements, *ret_place, sql);
	return 0;
}

static int prepare(struct sqlite_store *sqlite, const char *sql, sqlite3_stmt **ret_statement)
{
	size_t place;
	int r = statements_find(&sqlite->statements, sql, &place)
			? 0
			: prepare_new(sqlite, sql, &place);

	if (r == 0)
		*ret_statement = sqlite->prepared[place];
	return r;
}

static int bind_value(sqlite3_stmt *statement, int place, const struct store_value *value)
{
	sqlite3_uint64 length = value->bytes.length;
	const char *at = value->bytes.at ? value->bytes.at : ""; /* NULL would become SQL's */

	switch (value->kind) {
	case STORE_NUMBER:
		return sqlite3_bind_int64(statement, place, value->number);
	case STORE_TEXT:
		return sqlite3_bind_text64(statement, place, at, length, SQLITE_STATIC,
					   SQLITE_UTF8);
	case STORE_BYTES:
		return sqlite3_bind_blob64(statement, place, at, length, SQLITE_STATIC);
	case STORE_NULL:
	default:
		return sqlite3_bind_null(statement, place);
	}
}

static int bind_values(sqlite3_stmt *statement, struct store_values values)
{
	if (sqlite3_bind_parameter_count(statement) != (int)values.count)
		return -EINVAL;
	for (size_t i = 0; i < values.count; i++) {
		int code = bind_value(statement, (int)i + 1, &values.at[i]);

		if (code != SQLITE_OK)
			return as_errno(code);
	}
	return 0;
}

static struct store_value column_value(sqlite3_stmt *statement, int column)
{
	switch (sqlite3_column_type(statement, column)) {
	case SQLITE_INTEGER:
		return store_number(sqlite3_column_int64(statement, column));
	case SQLITE_TEXT: {
		const void *at = sqlite3_column_text(statement, column);
		return store_text(
			(struct slice){ at, (size_t)sqlite3_column_bytes(statement, column) });
	}
	case SQLITE_BLOB: {
		const void *at = sqlite3_column_blob(statement, column);
		return store_bytes(at, (size_t)sqlite3_column_bytes(statement, column));
	}
	default:
		return (struct store_value){ .kind = STORE_NULL };
	}
}

static int show_row(sqlite3_stmt *statement, store_row_fn row, void *context)
{
	struct store_value columns[STORE_VALUES_MAX];
	int count = sqlite3_column_count(statement);

	if (count > (int)STORE_VALUES_MAX)
		return -E2BIG;
	for (int i = 0; i < count; i++)
		columns[i] = column_value(statement, i);
	return row(context, columns, (size_t)count);
}

static int step_through(struct sqlite_store *sqlite, sqlite3_stmt *statement, store_row_fn row,
			void *context)
{
	for (;;) {
		int code = sqlite3_step(statement);

		if (code != SQLITE_ROW)
			return code == SQLITE_DONE
				       ? 0
				       : as_errno(sqlite3_extended_errcode(sqlite->database));
		int r = row ? show_row(statement, row, context) : 0;
		if (r < 0)
			return r;
	}
}

static int sqlite_run(struct store *store, const char *sql, struct store_values values,
		      store_row_fn row, void *context)
{
	struct sqlite_store *sqlite = own(store);
	sqlite3_stmt *statement = NULL;
	int before = sqlite3_total_changes(sqlite->database);
	int r = prepare(sqlite, sql, &statement);

	if (r == 0)
		r = bind_values(statement, values);
	if (r < 0)
		return r;
	r = step_through(sqlite, statement, row, context);
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return r < 0 ? r : sqlite3_total_changes(sqlite->database) - before;
}

static int sqlite_queue(struct store *store, const char *sql, struct store_values values,
			int *ret_changes)
{
	int r = sqlite_run(store, sql, values, NULL, NULL);

	if (ret_changes && r >= 0)
		*ret_changes = r;
	return r;
}

static int sqlite_settle(struct store *store)
{
	(void)store;
	return 0;
}

static int sqlite_run_script(struct store *store, const char *script)
{
	int code = sqlite3_exec(own(store)->database, script, NULL, NULL, NULL);

	return code == SQLITE_OK ? 0 : as_errno(sqlite3_extended_errcode(own(store)->database));
}

/* SQLite gives its journals the mode of the file.  One that is there is not opened: closing it would
 * take away the locks that other connections of this process have (sqlite.org/howtocorrupt.html, 2.2).
 * Its folder is private, so what is looked at stays. */
static int make_file(const char *path)
{
	SCOPED(close_p) int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	struct stat status;

	if (fd >= 0)
		return 0;
	if (errno != EEXIST || lstat(path, &status) < 0)
		return -errno;
	return S_ISREG(status.st_mode) ? 0 : -ELOOP;
}

/* The first of what is wrong, or "ok". */
static int take_finding(void *context, const struct store_value *columns, size_t count)
{
	(void)count;
	return slice_is(columns[0].bytes, "ok")
		       ? 0
		       : error_set(context, -EUCLEAN, "the database is damaged: %.*s",
				   SLICE_ARGUMENTS(slice_part(columns[0].bytes, 0, FINDING_MAX)));
}

static int sqlite_check(struct store *store, struct error *error)
{
	int r = store_run(store, "PRAGMA integrity_check(1)", STORE_NO_VALUES, take_finding, error);

	if (r == 0 || r == -EUCLEAN)
		return r;
	return error_set(error, -EUCLEAN, "the database cannot be read: %s", store_trouble(store));
}

static int sqlite_copy(struct store *store, const char *path, struct error *error)
{
	int r = make_file(path);

	if (r < 0)
		return error_system(error, r, path);
	r = store_do(store, "VACUUM INTO $1", STORE_VALUES(store_text(slice_of(path))));
	return r < 0 ? error_set(error, r, "%s: %s", path, store_trouble(store)) : 0;
}

/* One server has the file. */
static int sqlite_tell(struct store *store)
{
	(void)store;
	return 0;
}

static int sqlite_listen(struct store *store, int end_fd)
{
	(void)store;
	(void)end_fd;
	return -ENOTSUP;
}

static const char *sqlite_trouble(const struct store *store)
{
	sqlite3 *database = ((const struct sqlite_store *)store)->database;

	return sqlite3_errcode(database) == SQLITE_OK ? "" : sqlite3_errmsg(database);
}

static const struct store_engine SQLITE = {
	.close = sqlite_close,
	.run = sqlite_run,
	.queue = sqlite_queue,
	.settle = sqlite_settle,
	.run_script = sqlite_run_script,
	.check = sqlite_check,
	.copy = sqlite_copy,
	.tell = sqlite_tell,
	.listen = sqlite_listen,
	.trouble = sqlite_trouble,
	.begin = "BEGIN IMMEDIATE",
};

static int set_up(sqlite3 *database)
{
	sqlite3_extended_result_codes(database, 1);
	sqlite3_busy_timeout(database, PATIENCE_MS);
	sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	return sqlite3_exec(database,
			    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
			    "PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON",
			    NULL, NULL, NULL);
}

static int prepare_first(struct sqlite_store *sqlite)
{
	const char *const FIRST[STATEMENTS_KEPT] = { SQLITE.begin, STORE_COMMIT, STORE_ROLLBACK };
	int r = 0;

	for (size_t i = 0, place; i < STATEMENTS_KEPT && r == 0; i++)
		r = prepare_new(sqlite, FIRST[i], &place);
	return r;
}

int store_open_sqlite(const char *path, struct store **ret_store, struct error *error)
{
	SCOPED(store_closep) struct store *store = calloc(1, sizeof(struct sqlite_store));
	int r = store ? make_file(path) : -ENOMEM;

	if (store)
		store->engine = &SQLITE;
	if (r < 0)
		return error_system(error, r, path);
	struct sqlite_store *sqlite = own(store);
	int code = sqlite3_open_v2(path, &sqlite->database,
				   SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (code == SQLITE_OK)
		code = set_up(sqlite->database);
	if (code != SQLITE_OK)
		return error_set(error, as_errno(code), "%s: %s", path,
				 sqlite3_errmsg(sqlite->database));
	r = prepare_first(sqlite);
	if (r < 0)
		return error_set(error, r, "%s: %s", path, sqlite3_errmsg(sqlite->database));
	*ret_store = steal(store);
	return 0;
}
