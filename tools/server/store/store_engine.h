/* SPDX-License-Identifier: MIT */
/* What a database is to the store: for those who write one. */
#ifndef TOOLS_SERVER_STORE_STORE_ENGINE_H
#define TOOLS_SERVER_STORE_STORE_ENGINE_H

#include "tools/server/store/store.h"

#define STORE_TROUBLE_SIZE 256u

/* How transactions end: with every connection's beginning an engine prepares them, because they have to be
 * possible whatever came before. */
extern const char STORE_COMMIT[], STORE_ROLLBACK[];

struct store_engine {
	void (*close)(struct store *store);
	int (*run)(struct store *store, const char *sql, struct store_values values,
		   store_row_fn row, void *context);
	int (*queue)(struct store *store, const char *sql, struct store_values values,
		     int *ret_changes); /* NULL: nobody asks */
	int (*settle)(struct store *store);
	int (*run_script)(struct store *store, const char *script);
	int (*check)(struct store *store, struct error *error);
	int (*copy)(struct store *store, const char *path, struct error *error);
	int (*tell)(struct store *store);
	int (*listen)(struct store *store, int end_fd);
	const char *(*trouble)(const struct store *store); /* "": it is not the database's */
	const char *begin; /* how a transaction that writes begins */
};

/* The first member of every engine's own store. */
struct store {
	const struct store_engine *engine;
	char trouble[STORE_TROUBLE_SIZE]; /* of the last statement; empty when it went well */
};

#endif
