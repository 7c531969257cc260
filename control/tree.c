/* SPDX-License-Identifier: MIT */
#include "control/tree.h"

#include <errno.h>
#include <string.h>

/* RFC 6962 keeps leaves and nodes apart by their first byte. */
enum { PREFIX_LEAF = 0, PREFIX_NODE = 1 };

struct tree_hash tree_leaf(struct slice bytes)
{
	static const unsigned char PREFIX = PREFIX_LEAF;
	struct tree_hash leaf;
	struct sha256 hash;

	sha256_init(&hash);
	sha256_add(&hash, &PREFIX, 1);
	sha256_add(&hash, bytes.at, bytes.length);
	sha256_end(&hash, leaf.bytes);
	return leaf;
}

struct tree_hash tree_node(const struct tree_hash *left, const struct tree_hash *right)
{
	static const unsigned char PREFIX = PREFIX_NODE;
	struct tree_hash node;
	struct sha256 hash;

	sha256_init(&hash);
	sha256_add(&hash, &PREFIX, 1);
	sha256_add(&hash, left->bytes, SHA256_SIZE);
	sha256_add(&hash, right->bytes, SHA256_SIZE);
	sha256_end(&hash, node.bytes);
	return node;
}

int tree_add(struct tree *tree, const struct tree_hash *leaf, tree_found_fn found, void *context)
{
	struct tree_hash hash = *leaf;
	uint64_t index = tree->size;
	unsigned int level = 0;

	for (;; level++, index >>= 1) {
		int r = found ? found(context, level, index, &hash) : 0;

		if (r != 0)
			return r;
		if ((index & 1) == 0)
			break;
		hash = tree_node(&tree->subtree[level], &hash);
	}
	tree->subtree[level] = hash;
	tree->size++;
	return 0;
}

struct tree_hash tree_root(const struct tree *tree)
{
	struct tree_hash root;
	bool is_first = true;

	sha256("", 0, root.bytes);
	for (unsigned int level = 0; level < TREE_LEVELS_MAX; level++) {
		if ((tree->size >> level & 1) == 0)
			continue;
		root = is_first ? tree->subtree[level] : tree_node(&tree->subtree[level], &root);
		is_first = false;
	}
	return root;
}

/* The largest power of two that is smaller than `size`, which is 2 at least: where RFC 6962 parts a
 * tree. */
static uint64_t left_size(uint64_t size)
{
	return UINT64_C(1) << (63 - __builtin_clzll(size - 1));
}

/* The root over `size` leaves, 1 at least, from leaf `start` on, which a parting has reached: so the
 * subtrees that it is made of are whole ones of the source. */
static int range_root(const struct tree_source *source, uint64_t start, uint64_t size,
		      struct tree_hash *ret_root)
{
	struct tree_hash left, root;
	bool is_first = true;

	for (unsigned int level = 0; size >> level > 0; level++) {
		if ((size >> level & 1) == 0)
			continue;
		uint64_t below = size >> level >> 1 << level << 1; /* leaves left of this one */
		int r = source->find(source->context, level, (start + below) >> level, &left);

		if (r != 0)
			return r;
		root = is_first ? left : tree_node(&left, &root);
		is_first = false;
	}
	*ret_root = root;
	return 0;
}

/* A walk from the root down to where the proof begins; the proof is written from its end. */
struct walk {
	const struct tree_source *source;
	uint64_t start, size; /* of the subtree that was reached */
	struct tree_proof *proof;
};

static int note_range(struct walk *walk, uint64_t start, uint64_t size)
{
	struct tree_hash root;
	int r = range_root(walk->source, start, size, &root);

	if (r == 0)
		walk->proof->hashes[walk->proof->count++] = root;
	return r;
}

/* Goes to the half that has leaf `index`, and notes the other one. */
static int step(struct walk *walk, uint64_t index)
{
	uint64_t left = left_size(walk->size);
	int r;

	if (index < walk->start + left) {
		r = note_range(walk, walk->start + left, walk->size - left);
		walk->size = left;
	} else {
		r = note_range(walk, walk->start, left);
		walk->start += left;
		walk->size -= left;
	}
	return r;
}

static void turn_around(struct tree_proof *proof)
{
	for (size_t i = 0; i < proof->count / 2; i++) {
		struct tree_hash hash = proof->hashes[i];

		proof->hashes[i] = proof->hashes[proof->count - 1 - i];
		proof->hashes[proof->count - 1 - i] = hash;
	}
}

int tree_prove_leaf(const struct tree_source *source, uint64_t index, uint64_t size,
		    struct tree_proof *ret_proof)
{
	struct walk walk = { source, 0, size, ret_proof };
	int r = 0;

	ret_proof->count = 0;
	if (index >= size)
		return -ERANGE;
	while (walk.size > 1 && r == 0)
		r = step(&walk, index);
	turn_around(ret_proof);
	return r;
}

int tree_prove_growth(const struct tree_source *source, uint64_t old_size, uint64_t size,
		      struct tree_proof *ret_proof)
{
	struct walk walk = { source, 0, size, ret_proof };
	int r = 0;

	ret_proof->count = 0;
	if (old_size > size)
		return -ERANGE;
	if (old_size == 0 || old_size == size)
		return 0;
	while (walk.start + walk.size != old_size && r == 0)
		r = step(&walk, old_size - 1);
	if (r == 0 && walk.start > 0) /* else it is the old root, which is known */
		r = note_range(&walk, walk.start, walk.size);
	turn_around(ret_proof);
	return r;
}

static bool is_equal(const struct tree_hash *a, const struct tree_hash *b)
{
	return memcmp(a->bytes, b->bytes, SHA256_SIZE) == 0;
}

/* Follows a leaf's or subtree's place (`index`) and the last one's (`last`) up by one level.  True:
 * the sibling stands left. */
static bool climb(uint64_t *index, uint64_t *last)
{
	bool is_left = *index & 1 || *index == *last;

	/* An only child has no sibling: what stands there stands further up as well. */
	while ((*index & 1) == 0 && *index == *last && *index != 0) {
		*index >>= 1;
		*last >>= 1;
	}
	*index >>= 1;
	*last >>= 1;
	return is_left;
}

bool tree_has_leaf(const struct tree_proof *proof, const struct tree_hash *leaf, uint64_t index,
		   uint64_t size, const struct tree_hash *root)
{
	struct tree_hash hash = *leaf;

	if (index >= size)
		return false;
	uint64_t last = size - 1;
	for (size_t i = 0; i < proof->count; i++) {
		const struct tree_hash *sibling = &proof->hashes[i];

		if (last == 0)
			return false;
		hash = climb(&index, &last) ? tree_node(sibling, &hash) : tree_node(&hash, sibling);
	}
	return last == 0 && is_equal(&hash, root);
}

/* The hashes that the climb begins with: the first of the proof, or the old root where that is a
 * subtree of the new tree. */
static bool growth_begins(const struct tree_proof *proof, uint64_t old_size,
			  const struct tree_hash *old_root, struct tree_hash *ret_first,
			  size_t *ret_used)
{
	bool is_subtree = (old_size & (old_size - 1)) == 0;

	if (!is_subtree && proof->count == 0)
		return false;
	*ret_first = is_subtree ? *old_root : proof->hashes[0];
	*ret_used = is_subtree ? 0 : 1;
	return true;
}

bool tree_has_grown(const struct tree_proof *proof, uint64_t old_size,
		    const struct tree_hash *old_root, uint64_t size, const struct tree_hash *root)
{
	struct tree_hash old_hash, hash;
	size_t at;

	if (old_size > size)
		return false;
	if (old_size == 0 || old_size == size)
		return proof->count == 0 && (old_size == 0 || is_equal(old_root, root));
	if (!growth_begins(proof, old_size, old_root, &hash, &at))
		return false;
	uint64_t index = old_size - 1, last = size - 1;
	for (; index & 1; index >>= 1)
		last >>= 1;
	old_hash = hash;
	for (; at < proof->count; at++) {
		const struct tree_hash *sibling = &proof->hashes[at];

		if (last == 0)
			return false;
		if (climb(&index, &last)) {
			old_hash = tree_node(sibling, &old_hash);
			hash = tree_node(sibling, &hash);
		} else {
			hash = tree_node(&hash, sibling);
		}
	}
	return last == 0 && is_equal(&old_hash, old_root) && is_equal(&hash, root);
}
