/* SPDX-License-Identifier: MIT */
/* Logs' trees as the database keeps them, and the checkpoints that were signed of them.  Each server has
 * a log of its own, to which it alone adds.  All that changes one runs in a transaction. */
#ifndef TOOLS_SERVER_RECORD_LEDGER_H
#define TOOLS_SERVER_RECORD_LEDGER_H

#include "control/checkpoint.h"
#include "control/tree.h"
#include "tools/server/store/store.h"

#define LEDGER_FIRST     1 /* the number of the log of the server that init made */
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
	int64_t log; /* its number */
	struct tree tree;
	struct ledger_tile tiles[LEDGER_LEVELS];
};

/* The number of the log for which the key signs, which is made where it is not there.  -EKEYREJECTED:
 * another key of that name signs for it. */
must_use int ledger_open(struct store *store, const struct verifying_key *key, int64_t *ret_log);

/* Reads how large the tree is and what it needs to grow.  -ENOENT. */
must_use int ledger_load(struct store *store, int64_t log, struct ledger *ret_ledger);

/* Adds a leaf; ledger_save writes what was added. */
must_use int ledger_add(struct ledger *ledger, const struct tree_hash *leaf);
must_use int ledger_save(struct ledger *ledger);

/* Where ledger_find looks. */
struct ledger_place {
	struct store *store;
	int64_t log;
};

/* A tree_find_fn over a ledger_place, for proofs. */
int ledger_find(void *place, unsigned int level, uint64_t index, struct tree_hash *ret_hash);

/* How many leaves the newest checkpoint of a log has; 0: there is none.  The log only grows, so that what
 * is below stays as it is. */
must_use int ledger_signed_size(struct store *store, int64_t log, uint64_t *ret_size);

/* Who signs for a log. */
struct ledger_signer {
	int64_t log;
	const struct signing_key *key;
};

/* Signs a checkpoint, unless the tree is as it was at the newest one, in a transaction of its own. */
must_use int ledger_sign(struct store *store, const struct ledger_signer *signer);

#endif
