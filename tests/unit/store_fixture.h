/* SPDX-License-Identifier: MIT */
/* A database in a folder of its own. */
#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/run_suite.h"
#include "tools/server/schema.h"
#include "tools/server/store.h"

static char folder[64];
static char path[96];

static inline void make_folder(void)
{
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

static inline struct store *open_store(void)
{
	struct store *store;
	struct error error;

	ck_assert_int_eq(store_open_sqlite(path, &store, &error), 0);
	return store;
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
