/* SPDX-License-Identifier: MIT */
#include "tools/server/commands/move_check.h"

#include <errno.h>
#include <string.h>

#include "control/checkpoint.h"
#include "tools/server/record/known_log.h"
#include "tools/server/record/ledger.h"

/* The tree that grows again of all leaves. */
struct growing {
	struct store *store;
	int64_t log, after; /* after: the last tile */
	size_t tiles;       /* of a page */
	struct tree tree;
	uint64_t signed_size;
	struct tree_hash signed_root; /* once it has that size */
};

static int add_tile(void *context, const struct store_value *columns, size_t count)
{
	struct growing *growing = context;
	struct slice hashes = columns[1].bytes;

	(void)count;
	growing->after = columns[0].number;
	growing->tiles++;
	for (; hashes.length >= SHA256_SIZE; hashes = slice_part(hashes, SHA256_SIZE, SIZE_MAX)) {
		struct tree_hash leaf;

		memcpy(leaf.bytes, hashes.at, SHA256_SIZE);
		int r = tree_add(&growing->tree, &leaf, NULL, NULL);
		if (r < 0)
			return r;
		if (growing->tree.size == growing->signed_size)
			growing->signed_root = tree_root(&growing->tree);
	}
	return 0;
}

static int grow(struct growing *growing)
{
	int r;

	do {
		growing->tiles = 0;
		r = store_run(
			growing->store,
			"SELECT number, hashes FROM log_tile"
			" WHERE log = $1 AND level = 0 AND number > $2 ORDER BY number LIMIT 100",
			STORE_VALUES(store_number(growing->log), store_number(growing->after)),
			add_tile, growing);
	} while (r == 0 && growing->tiles > 0);
	return r;
}

static bool is_same(const struct tree_hash *a, const struct tree_hash *b)
{
	return memcmp(a->bytes, b->bytes, SHA256_SIZE) == 0;
}

static int check_signed(const struct growing *growing, const struct known_log *known,
			struct error *error)
{
	SCOPED(buf_done) struct buf note = BUF_MAX(NOTE_SIZE_MAX);
	struct verifying_key key;
	struct checkpoint checkpoint;

	if (known->size == 0)
		return 0;
	int r = known_log_checkpoint(growing->store, known->log, known->size, &note);
	if (r == 0)
		r = verifying_key_read(slice_of(known->key), &key);
	if (r == 0)
		r = checkpoint_open(buf_view(&note), &key, &checkpoint);
	if (r == 0 && checkpoint.size == known->size &&
	    is_same(&checkpoint.root, &growing->signed_root))
		return 0;
	return error_set(error, -EUCLEAN,
			 "%s: its newest checkpoint is not of the leaves that came", known->name);
}

struct checking {
	struct store *from, *to;
	struct error *error;
	int64_t after;
	size_t count;
};

static int check_log(void *context, const struct known_log *known)
{
	struct checking *checking = context;
	struct growing growing = {
		.store = checking->to, .log = known->log, .after = -1, .signed_size = known->size
	};
	struct ledger ledger;
	int r = ledger_load(checking->from, known->log, &ledger);

	checking->after = known->log;
	checking->count++;
	if (r == 0)
		r = grow(&growing);
	if (r < 0)
		return error_set(checking->error, r, "%s cannot be read", known->name);
	struct tree_hash was = tree_root(&ledger.tree), is = tree_root(&growing.tree);
	if (ledger.tree.size != growing.tree.size || !is_same(&was, &is))
		return error_set(checking->error, -EUCLEAN, "%s has another root than before",
				 known->name);
	return check_signed(&growing, known, checking->error);
}

int move_check_logs(struct store *from, struct store *to, struct error *error)
{
	struct checking checking = { .from = from, .to = to, .error = error };
	int r;

	do {
		checking.count = 0;
		r = known_log_each(to, checking.after, check_log, &checking);
	} while (r == 0 && checking.count > 0);
	if (r < 0 && !error->text[0])
		return error_set(error, r, "the logs: %s", store_reason(to, r));
	return r;
}
