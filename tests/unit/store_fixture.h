/* SPDX-License-Identifier: MIT */
/* A database in a folder of its own, or one in PostgreSQL. */
#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/run_suite.h"
#include "tools/server/store/schema.h"
#include "tools/server/store/store.h"

static char folder[64];
static char path[96];
static char url[160]; /* of PostgreSQL, where it is that */

static inline struct store *open_store(void)
{
	struct store *store;
	struct error error;
	int r = url[0] ? store_open_postgresql(url, &store, &error)
		       : store_open_sqlite(path, &store, &error);

	ck_assert_int_eq(r, 0);
	return store;
}

/* PostgreSQL's is emptied. */
static inline void empty_database(void)
{
	struct store *store = open_store();

	ck_assert_int_eq(store_do(store, "DROP SCHEMA public CASCADE", STORE_NO_VALUES), 0);
	ck_assert_int_eq(store_do(store, "CREATE SCHEMA public", STORE_NO_VALUES), 0);
	store_close(store);
}

static inline void make_folder(void)
{
	if (url[0])
		empty_database();
	strcpy(folder, "/tmp/chaperone-store-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/server.db", folder);
}

static inline void remove_folder(void)
{
	static const char *const ENDINGS[] = { "", "-wal", "-shm" };
	char file[128];

	for (size_t i = 0; i < COUNT_OF(ENDINGS); i++) {
		snprintf(file, sizeof(file), "%s%s", path, ENDINGS[i]);
		unlink(file);
	}
	ck_assert_int_eq(rmdir(folder), 0);
}

static inline int take_number(void *context, const struct store_value *columns, size_t count)
{
	ck_assert_uint_eq(count, 1);
	ck_assert_int_eq(columns[0].kind, STORE_NUMBER);
	*(int64_t *)context = columns[0].number;
	return 0;
}

static inline int64_t number(struct store *store, const char *sql)
{
	int64_t result = -1;

	ck_assert_int_eq(store_run(store, sql, STORE_NO_VALUES, take_number, &result), 0);
	return result;
}

/* One with every table. */
static inline struct store *open_server_store(void)
{
	struct store *store = open_store();
	struct error error;

	ck_assert_int_eq(schema_raise(store, &error), 0);
	return store;
}

#endif
