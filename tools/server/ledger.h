/* SPDX-License-Identifier: MIT */
/* The log's tree as the database keeps it, and the checkpoints that the server signed of it.  All that
 * changes it runs in a transaction. */
#ifndef TOOLS_SERVER_LEDGER_H
#define TOOLS_SERVER_LEDGER_H

#include "control/checkpoint.h"
#include "control/tree.h"
#include "tools/server/route.h"

#define LEDGER_TILE_BITS 8u
#define LEDGER_TILE_SIZE (1u << LEDGER_TILE_BITS) /* hashes */
#define LEDGER_LEVELS    (TREE_LEVELS_MAX / LEDGER_TILE_BITS)

/* Hashes of subtrees that follow each other, the last of which was added last. */
struct ledger_tile {
	uint64_t number;
	size_t count;
	bool is_loaded, is_changed;
	struct tree_hash hashes[LEDGER_TILE_SIZE];
};

struct ledger {
	struct store *store;
	struct slice name; /* the log's; outlives it */
	struct tree tree;
	struct ledger_tile tiles[LEDGER_LEVELS];
};

/* Reads how large the tree is and what it needs to grow. */
must_use int ledger_load(struct store *store, struct slice name, struct ledger *ret_ledger);

/* Adds a leaf; ledger_save writes what was added. */
must_use int ledger_add(struct ledger *ledger, const struct tree_hash *leaf);
must_use int ledger_save(struct ledger *ledger);

/* A tree_find_fn over a store, for proofs. */
int ledger_find(void *store, unsigned int level, uint64_t index, struct tree_hash *ret_hash);

/* Signs a checkpoint, unless the tree is as it was at the newest one.  A transaction of its own. */
must_use int ledger_sign(struct store *store, const struct signing_key *key);

/* GET /v1/log/checkpoint: the newest one; 404 before there is one. */
int ledger_answer(const struct request *request, struct reply *reply);

#endif
