/* SPDX-License-Identifier: MIT */
#include "tools/server/store/schema.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "tools/command/embedded.h"

#define FILE_NAME_MAX 32u
#define TRIES_MAX     10 /* as one of several servers that begin at once */

/* N.sql leads from version N - 1 to N. */
extern const struct embedded SCHEMAS[];

static const char *step_to(uint64_t version)
{
	char name[FILE_NAME_MAX];

	snprintf(name, sizeof(name), "%" PRIu64 ".sql", version);
	return embedded_find(SCHEMAS, name).at;
}

static int take_version(void *context, const struct store_value *columns, size_t count)
{
	(void)count;
	return slice_to_u64(columns[0].bytes, context);
}

/* 0 for a database without tables. */
static int read_version(struct store *store, uint64_t *ret_version)
{
	*ret_version = 0;
	int r = store_do(store, "CREATE TABLE IF NOT EXISTS schema_version (version TEXT NOT NULL)",
			 STORE_NO_VALUES);
	return r < 0 ? r
		     : store_run(store, "SELECT version FROM schema_version", STORE_NO_VALUES,
				 take_version, ret_version);
}

static int write_version(struct store *store, uint64_t version)
{
	char text[FILE_NAME_MAX];

	snprintf(text, sizeof(text), "%" PRIu64, version);
	struct store_values values = STORE_VALUES(store_text(slice_of(text)));
	int r = store_do(store, "DELETE FROM schema_version", STORE_NO_VALUES);
	if (r == 0)
		r = store_do(store, "INSERT INTO schema_version (version) VALUES ($1)", values);
	return r;
}

/* One step, unless another server has taken it meanwhile.  `context`: the version that is to be
 * reached. */
static int raise_to(struct store *store, const uint64_t *target)
{
	uint64_t version;
	int r = read_version(store, &version);

	if (r < 0 || version >= *target)
		return r;
	r = store_run_script(store, step_to(*target));
	return r < 0 ? r : write_version(store, *target);
}

/* Tables that another server made meanwhile are there already. */
static int raise_once(struct store *store, void *context)
{
	int r = raise_to(store, context);

	return r == -EEXIST ? -EAGAIN : r;
}

int schema_raise(struct store *store, struct error *error)
{
	uint64_t version;
	int r = -EEXIST;

	for (int tries = 0; r == -EEXIST && tries < TRIES_MAX; tries++)
		r = read_version(store, &version);
	while (r == 0 && step_to(version + 1)) {
		version++;
		r = store_transact(store, raise_once, &version);
	}
	if (r < 0)
		return error_set(error, r, "the database's tables cannot be made: %s",
				 store_trouble(store));
	if (version > 0 && !step_to(version))
		return error_set(error, -EPROTO,
				 "the database is of version %" PRIu64
				 ", which this server does not know: install a newer one",
				 version);
	return 0;
}
