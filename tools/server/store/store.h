/* SPDX-License-Identifier: MIT */
/* The server's database: SQLite in the data folder, or PostgreSQL and what speaks its protocol.  SQL
 * is written once, in the subset that all of them understand (control-plane.md 5.4): parameters are
 * $1, $2, … in the order of their first use, bytes are BYTEA, times are BIGINT nanoseconds since
 * 1970.  One store is one connection and is used by one thread at a time. */
#ifndef TOOLS_SERVER_STORE_STORE_H
#define TOOLS_SERVER_STORE_STORE_H

#include <stdint.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "common/slice.h"

#define STORE_VALUES_MAX 24u

struct store;

enum store_kind { STORE_NULL, STORE_NUMBER, STORE_TEXT, STORE_BYTES };

struct store_value {
	enum store_kind kind;
	int64_t number;
	struct slice bytes; /* of a text or of bytes */
};

static inline struct store_value store_number(int64_t number)
{
	return (struct store_value){ .kind = STORE_NUMBER, .number = number };
}

static inline struct store_value store_text(struct slice text)
{
	return (struct store_value){ .kind = STORE_TEXT, .bytes = text };
}

static inline struct store_value store_bytes(const void *at, size_t length)
{
	return (struct store_value){ .kind = STORE_BYTES, .bytes = { at, length } };
}

struct store_values {
	const struct store_value *at;
	size_t count;
};

#define STORE_VALUES(...)                                                                          \
	((struct store_values){ (const struct store_value[]){ __VA_ARGS__ },                       \
				COUNT_OF(((const struct store_value[]){ __VA_ARGS__ })) })
#define STORE_NO_VALUES ((struct store_values){ NULL, 0 })

/* Sees one row, whose values live until it returns.  A negative errno ends the statement and is its
 * result; it must not run a statement of the same text.  Rows may all be in memory meanwhile: what can
 * be without end is asked for in pages. */
typedef int (*store_row_fn)(void *context, const struct store_value *columns, size_t count);

/* Opens the SQLite file `path`, which is made with mode 0600 if it is not there. */
must_use int store_open_sqlite(const char *path, struct store **ret_store, struct error *error);

/* Connects to PostgreSQL: `url` is what libpq takes, and its environment, service and password files
 * count.  A connection that is lost is made anew for the next statement that is in no transaction. */
must_use int store_open_postgresql(const char *url, struct store **ret_store, struct error *error);

void store_close(struct store *store);
DEFINE_FREEP(struct store, store_closep, store_close)

/* Runs one statement.  `sql` is a literal: it is prepared once for as long as the store is open.
 * `row` may be NULL.  Returns how many rows it changed (of a query, 0); -EEXIST where one of that key
 * is there, -EAGAIN where another transaction was first, -EINVAL for SQL that is wrong, -ENOTCONN or
 * -ECONNREFUSED where the connection was lost, -EIO, -ENOMEM, -ENOSPC, -EROFS, -ETIMEDOUT where the
 * database has a trouble of its own: what callers say of what they were asked are other codes.  A statement
 * that fails within a transaction is its end: nothing more of it can be run. */
must_use int store_run(struct store *store, const char *sql, struct store_values values,
		       store_row_fn row, void *context);

/* For store_run: the first column, a number, goes to the int64_t or uint64_t that `context` is.  What is
 * there stays where there is no row, or the column is NULL. */
int store_take_number(void *context, const struct store_value *columns, size_t count);

/* Runs a statement for what it does, however many rows that are.  0, or store_run's error. */
must_use int store_do(struct store *store, const char *sql, struct store_values values);

/* As store_do, within a transaction.  The statement may wait for those behind it, and then one of these
 * or COMMIT tells its error: no round trip for each. */
must_use int store_queue(struct store *store, const char *sql, struct store_values values);

/* As store_queue; how many rows the statement changed is in `ret_changes` after
 * store_settle, which belongs to it. */
must_use int store_queue_counted(struct store *store, const char *sql, struct store_values values,
				 int *ret_changes);

/* Waits for what is queued, and tells its first error. */
must_use int store_settle(struct store *store);

/* Runs all statements of `script`, a schema file. */
must_use int store_run_script(struct store *store, const char *script);

/* Runs `work` as one transaction, which is undone unless it returns 0, and again when another one
 * was first or the connection was lost on the way: `work` may run more than once.  -EIO where it was lost
 * at the end, when nobody knows whether the transaction counts. */
must_use int store_transact(struct store *store, int (*work)(struct store *store, void *context),
			    void *context);

/* Whether the database is whole.  -EUCLEAN when it is not; `error` says what is wrong. */
must_use int store_check(struct store *store, struct error *error);

/* Copies the database, as it is at one moment, to the file `path`, which is not there; others may write
 * meanwhile. */
must_use int store_copy(struct store *store, const char *path, struct error *error);

/* Tells all who listen at the same database that there is something new: a hint, which may be lost.
 * Outside a transaction. */
must_use int store_tell(struct store *store);

/* Waits until somebody tells: 1.  0: `end_fd` can be read; -ENOTSUP where a database has no such thing. */
must_use int store_listen(struct store *store, int end_fd);

/* What was wrong with the last statement, also where a transaction was undone for it; "" when it went
 * well. */
const char *store_trouble(const struct store *store);

/* That, or what `code` means where the database had no part in it. */
const char *store_reason(const struct store *store, int code);

#endif
