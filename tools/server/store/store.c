/* SPDX-License-Identifier: MIT */
/* What is the same for every database. */
#include "tools/server/store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "tools/server/store/store_engine.h"

#define TRIES_MAX    20
#define PAUSE_MAX_NS (50 * MILLISECOND_NS)

const char STORE_COMMIT[] = "COMMIT", STORE_ROLLBACK[] = "ROLLBACK";

void store_close(struct store *store)
{
	if (store)
		store->engine->close(store);
}

/* Undoing a transaction has no part in it: what was wrong stays known. */
static int remember(struct store *store, int result)
{
	const char *said = result < 0 ? store->engine->trouble(store) : "";

	store->trouble[0] = '\0';
	if (result < 0)
		snprintf(store->trouble, sizeof(store->trouble), "%s",
			 said[0] ? said : strerror(-result));
	return result;
}

int store_run(struct store *store, const char *sql, struct store_values values, store_row_fn row,
	      void *context)
{
	return remember(store, store->engine->run(store, sql, values, row, context));
}

int store_take_number(void *context, const struct store_value *columns, size_t count)
{
	(void)count;
	if (columns[0].kind == STORE_NUMBER)
		*(int64_t *)context = columns[0].number;
	return 0;
}

int store_do(struct store *store, const char *sql, struct store_values values)
{
	int r = store_run(store, sql, values, NULL, NULL);

	return r < 0 ? r : 0;
}

int store_queue(struct store *store, const char *sql, struct store_values values)
{
	int r = remember(store, store->engine->queue(store, sql, values, NULL));

	return r < 0 ? r : 0;
}

int store_queue_counted(struct store *store, const char *sql, struct store_values values,
			int *ret_changes)
{
	int r = remember(store, store->engine->queue(store, sql, values, ret_changes));

	return r < 0 ? r : 0;
}

int store_settle(struct store *store)
{
	return remember(store, store->engine->settle(store));
}

int store_run_script(struct store *store, const char *script)
{
	return remember(store, store->engine->run_script(store, script));
}

int store_check(struct store *store, struct error *error)
{
	return store->engine->check(store, error);
}

int store_copy(struct store *store, const char *path, struct error *error)
{
	return store->engine->copy(store, path, error);
}

int store_tell(struct store *store)
{
	return store->engine->tell(store);
}

int store_listen(struct store *store, int end_fd)
{
	return store->engine->listen(store, end_fd);
}

const char *store_trouble(const struct store *store)
{
	return store->trouble;
}

const char *store_reason(const struct store *store, int code)
{
	return store->trouble[0] ? store->trouble : strerror(-code);
}

static int try_once(struct store *store, int (*work)(struct store *store, void *context),
		    void *context)
{
	int r = store_do(store, store->engine->begin, STORE_NO_VALUES);

	if (r < 0)
		return r;
	r = work(store, context);
	if (r == 0) {
		r = store_do(store, STORE_COMMIT, STORE_NO_VALUES);
		r = r == -ENOTCONN ? -EIO : r;
	}
	if (r != 0)
		(void)!store->engine->run(store, STORE_ROLLBACK, STORE_NO_VALUES, NULL,
					  NULL); /* fails where the trouble has done it */
	return r;
}

/* Two that were in each other's way do not try again at the same time. */
static void pause_for(int tries)
{
	uint64_t longest = MILLISECOND_NS << (tries < 6 ? tries : 6);
	struct timespec pause = { 0, random() % (long)(longest < PAUSE_MAX_NS ? longest
									      : PAUSE_MAX_NS) };

	nanosleep(&pause, NULL);
}

int store_transact(struct store *store, int (*work)(struct store *store, void *context),
		   void *context)
{
	int r = -EAGAIN;

	for (int tries = 0; tries < TRIES_MAX && (r == -EAGAIN || r == -ENOTCONN); tries++) {
		if (tries > 0)
			pause_for(tries);
		r = try_once(store, work, context);
	}
	return r;
}
