/* SPDX-License-Identifier: MIT */
/* All tables of a server's database, for who brings their rows to another one. */
#ifndef TOOLS_SERVER_STORE_TABLES_H
#define TOOLS_SERVER_STORE_TABLES_H

#include "common/buf.h"
#include "tools/server/store/store.h"

#define TABLES_MAX     64u
#define TABLE_KEYS_MAX 6u

/* A table whose primary key are its first columns. */
struct table {
	const char *name;
	size_t key_count;
	const char *count, *first,
		*next; /* SQL: how many rows, the first ones, those behind a key */
};

/* Each behind those that it refers to; the last one has no name.  The schema's version is no row of
 * anybody's and not among them. */
extern const struct table TABLES[];

/* From one database to another.  Both stores are closed before tables_copy_done. */
struct tables_copy {
	struct store *from, *to;
	/* sees how many rows of the table are there, after each batch */
	void (*progress)(void *context, const struct table *table, uint64_t rows);
	void *context;
	struct buf inserts[TABLES_MAX]; /* SQL */
};

void tables_copy_done(struct tables_copy *copy);

/* How many rows the table has. */
must_use int table_count(struct store *store, const struct table *table, uint64_t *ret_rows);

/* Copies all rows of a table but those whose first column is the text `left_out`, in transactions of
 * at most 200 rows each; `from` is in one of its own and does not change meanwhile.  -EEXIST where the other
 * database has one of them; store_trouble of either. */
must_use int table_copy(struct tables_copy *copy, const struct table *table, const char *left_out,
			uint64_t *ret_rows);

#endif
