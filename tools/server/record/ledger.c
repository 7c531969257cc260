/* SPDX-License-Identifier: MIT */
#include "tools/server/record/ledger.h"

#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "common/wire.h"

#define SLOT_MASK (LEDGER_TILE_SIZE - 1)
#define EDGE_MAX  (TREE_LEVELS_MAX * SHA256_SIZE)
#define NO_TREE   UINT64_MAX
#define KEY_MAX   (KIB) /* its text */

/* A log that is looked for by its key. */
struct search {
	const struct verifying_key *key;
	struct slice verifier;
	int64_t log; /* 0: it is not there */
};

static int take_log(void *context, const struct store_value *columns, size_t count)
{
	struct search *search = context;

	(void)count;
	search->log = columns[0].number;
	return slice_equal(columns[1].bytes, search->verifier) ? 0 : -EKEYREJECTED;
}

static int find_log(struct store *store, void *context)
{
	struct search *search = context;
	struct store_value name = store_text(slice_of(search->key->name));

	search->log = 0;
	int r = store_run(store, "SELECT log, verifier FROM log_tree WHERE name = $1",
			  STORE_VALUES(name), take_log, search);
	if (r < 0 || search->log > 0)
		return r;
	r = store_run(store, "SELECT coalesce(max(log), 0) + 1 FROM log_tree", STORE_NO_VALUES,
		      store_take_number, &search->log);
	if (r == 0)
		r = store_do(store,
			     "INSERT INTO log_tree (log, name, verifier, size, edge, forwarder)"
			     " VALUES ($1, $2, $3, 0, $4, $1)",
			     STORE_VALUES(store_number(search->log), name,
					  store_text(search->verifier), store_bytes("", 0)));
	return r == -EEXIST ? -EAGAIN : r; /* another server came first */
}

int ledger_open(struct store *store, const struct verifying_key *key, int64_t *ret_log)
{
	SCOPED(buf_done) struct buf verifier = BUF_MAX(KEY_MAX);

	verifying_key_write(key, &verifier);
	struct search search = { .key = key, .verifier = buf_view(&verifier) };
	int r = verifier.failed ? verifier.failed : store_transact(store, find_log, &search);
	*ret_log = search.log;
	return r;
}

static int take_tree(void *context, const struct store_value *columns, size_t count)
{
	struct tree *tree = context;
	struct wire edge = { .rest = columns[1].bytes };

	(void)count;
	tree->size = (uint64_t)columns[0].number;
	for (unsigned int level = 0; level < TREE_LEVELS_MAX; level++) {
		if (tree->size >> level & 1) {
			struct slice hash = wire_bytes(&edge, SHA256_SIZE);

			if (edge.failed)
				return -EUCLEAN;
			memcpy(tree->subtree[level].bytes, hash.at, SHA256_SIZE);
		}
	}
	return wire_is_done(&edge) ? 0 : -EUCLEAN;
}

static int load_tree(struct store *store, int64_t log, struct tree *ret_tree)
{
	*ret_tree = (struct tree){ .size = NO_TREE };
	int r = store_run(store, "SELECT size, edge FROM log_tree WHERE log = $1",
			  STORE_VALUES(store_number(log)), take_tree, ret_tree);
	return r == 0 && ret_tree->size == NO_TREE ? -ENOENT : r;
}

int ledger_load(struct store *store, int64_t log, struct ledger *ret_ledger)
{
	ret_ledger->store = store;
	ret_ledger->log = log;
	for (size_t i = 0; i < LEDGER_LEVELS; i++)
		ret_ledger->tiles[i].is_loaded = false;
	return load_tree(store, log, &ret_ledger->tree);
}

static int take_tile(void *context, const struct store_value *columns, size_t count)
{
	struct ledger_tile *tile = context;
	struct slice hashes = columns[0].bytes;

	(void)count;
	if (hashes.length % SHA256_SIZE != 0 || hashes.length > sizeof(tile->hashes))
		return -EUCLEAN;
	memcpy(tile->hashes, hashes.at, hashes.length);
	tile->count = hashes.length / SHA256_SIZE;
	return 0;
}

/* A tile that is not there has no hashes. */
static int load_tile(struct ledger_place place, unsigned int level, uint64_t number,
		     struct ledger_tile *tile)
{
	tile->number = number;
	tile->count = 0;
	tile->is_loaded = true;
	tile->is_changed = false;
	return store_run(place.store,
			 "SELECT hashes FROM log_tile"
			 " WHERE log = $1 AND level = $2 AND number = $3",
			 STORE_VALUES(store_number(place.log), store_number(level),
				      store_number((int64_t)number)),
			 take_tile, tile);
}

static int save_tile(struct ledger *ledger, unsigned int level)
{
	struct ledger_tile *tile = &ledger->tiles[level];

	if (!tile->is_loaded || !tile->is_changed)
		return 0;
	tile->is_changed = false;
	return store_queue(
		ledger->store,
		"INSERT INTO log_tile (log, level, number, hashes) VALUES ($1, $2, $3, $4)"
		" ON CONFLICT (log, level, number) DO UPDATE SET hashes = excluded.hashes",
		STORE_VALUES(store_number(ledger->log), store_number(level),
			     store_number((int64_t)tile->number),
			     store_bytes(tile->hashes, tile->count * SHA256_SIZE)));
}

/* Makes the tile of `number` the one that grows. */
static int turn_to(struct ledger *ledger, unsigned int level, uint64_t number)
{
	struct ledger_tile *tile = &ledger->tiles[level];

	if (tile->is_loaded && tile->number == number)
		return 0;
	int r = save_tile(ledger, level);
	return r < 0 ? r
		     : load_tile((struct ledger_place){ ledger->store, ledger->log }, level, number,
				 tile);
}

static int keep(void *context, unsigned int level, uint64_t index, const struct tree_hash *hash)
{
	struct ledger *ledger = context;
	unsigned int row = level / LEDGER_TILE_BITS;

	if (level % LEDGER_TILE_BITS != 0)
		return 0;
	int r = turn_to(ledger, row, index >> LEDGER_TILE_BITS);
	if (r < 0)
		return r;
	struct ledger_tile *tile = &ledger->tiles[row];
	if (tile->count != (index & SLOT_MASK))
		return -EUCLEAN;
	tile->hashes[tile->count++] = *hash;
	tile->is_changed = true;
	return 0;
}

int ledger_add(struct ledger *ledger, const struct tree_hash *leaf)
{
	return tree_add(&ledger->tree, leaf, keep, ledger);
}

static int save_tree(struct ledger *ledger)
{
	const struct tree *tree = &ledger->tree;
	char room[EDGE_MAX + 1];
	struct buf edge = BUF_OVER(room);

	for (unsigned int level = 0; level < TREE_LEVELS_MAX; level++) {
		if (tree->size >> level & 1)
			buf_add(&edge, tree->subtree[level].bytes, SHA256_SIZE);
	}
	return store_queue(ledger->store, "UPDATE log_tree SET size = $1, edge = $2 WHERE log = $3",
			   STORE_VALUES(store_number((int64_t)tree->size),
					store_bytes(edge.at, edge.length),
					store_number(ledger->log)));
}

int ledger_save(struct ledger *ledger)
{
	int r = save_tree(ledger);

	for (unsigned int level = 0; level < LEDGER_LEVELS && r == 0; level++)
		r = save_tile(ledger, level);
	return r;
}

/* What is between the levels that are stored is made of the hashes below it. */
int ledger_find(void *place, unsigned int level, uint64_t index, struct tree_hash *ret_hash)
{
	unsigned int row = level / LEDGER_TILE_BITS, above = level % LEDGER_TILE_BITS;
	uint64_t first = index << above;
	struct ledger_tile tile;
	int r = load_tile(*(const struct ledger_place *)place, row, first >> LEDGER_TILE_BITS,
			  &tile);

	if (r < 0)
		return r;
	size_t at = first & SLOT_MASK, count = (size_t)1 << above;
	if (at + count > tile.count)
		return -ERANGE;
	struct tree_hash *hashes = &tile.hashes[at];
	for (; count > 1; count /= 2) {
		for (size_t i = 0; i < count / 2; i++)
			hashes[i] = tree_node(&hashes[2 * i], &hashes[2 * i + 1]);
	}
	*ret_hash = hashes[0];
	return 0;
}

int ledger_signed_size(struct store *store, int64_t log, uint64_t *ret_size)
{
	*ret_size = 0;
	return store_run(store, "SELECT max(size) FROM log_checkpoint WHERE log = $1",
			 STORE_VALUES(store_number(log)), store_take_number, ret_size);
}

static int sign(struct store *store, void *context)
{
	const struct ledger_signer *signer = context;
	SCOPED(buf_done) struct buf note = BUF_MAX(NOTE_SIZE_MAX);
	struct tree tree;
	uint64_t newest = 0;
	int r = load_tree(store, signer->log, &tree);

	if (r == 0)
		r = ledger_signed_size(store, signer->log, &newest);
	if (r < 0 || tree.size == newest)
		return r;
	r = checkpoint_write(&tree, signer->key, &note);
	return r < 0 ? r
		     : store_do(store,
				"INSERT INTO log_checkpoint (log, size, made, note)"
				" VALUES ($1, $2, $3, $4)",
				STORE_VALUES(store_number(signer->log),
					     store_number((int64_t)tree.size),
					     store_number((int64_t)realtime_ns()),
					     store_text(buf_view(&note))));
}

int ledger_sign(struct store *store, const struct ledger_signer *signer)
{
	return store_transact(store, sign, (void *)(uintptr_t)signer);
}
