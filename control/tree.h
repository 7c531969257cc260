/* SPDX-License-Identifier: MIT */
/* The Merkle tree of RFC 6962, section 2.1: a log that only grows, whose root at any size proves
 * what is in it and that nothing of an earlier root was changed. */
#ifndef CONTROL_TREE_H
#define CONTROL_TREE_H

#include "common/buf.h"
#include "common/sha256.h"

#define TREE_LEVELS_MAX 64u
#define TREE_PROOF_MAX  (2 * TREE_LEVELS_MAX) /* hashes in a proof */

struct tree_hash {
	unsigned char bytes[SHA256_SIZE];
};

/* What is needed to let a tree grow and to know its root: the roots of the whole subtrees of which it
 * is made.  Zeroed it is the empty tree. */
struct tree {
	uint64_t size; /* leaves */
	struct tree_hash
		subtree[TREE_LEVELS_MAX]; /* [i]: of 2^i leaves, where bit i of size is set */
};

/* Proofs are lists of hashes, from the leaves' side to the root's. */
struct tree_proof {
	struct tree_hash hashes[TREE_PROOF_MAX];
	size_t count;
};

/* Finds the hash of the whole subtree of 2^`level` leaves that begins at leaf `index` << `level`.
 * 0 or a negative errno. */
typedef int (*tree_find_fn)(void *context, unsigned int level, uint64_t index,
			    struct tree_hash *ret_hash);

struct tree_source {
	tree_find_fn find;
	void *context;
};

struct tree_hash tree_leaf(struct slice bytes);
struct tree_hash tree_node(const struct tree_hash *left, const struct tree_hash *right);

/* Adds a leaf by its hash.  `found`, when not NULL, is told each subtree that becomes whole, the leaf
 * itself first; what it returns ends the call unless it is 0, and the tree is as it was. */
typedef int (*tree_found_fn)(void *context, unsigned int level, uint64_t index,
			     const struct tree_hash *hash);
must_use int tree_add(struct tree *tree, const struct tree_hash *leaf, tree_found_fn found,
		      void *context);

struct tree_hash tree_root(const struct tree *tree);

/* That leaf `index` is in the tree of `size` leaves; that the tree of `size` leaves begins with that
 * of `old_size`.  -ERANGE when index or old size is none; else what `find` returned. */
must_use int tree_prove_leaf(const struct tree_source *source, uint64_t index, uint64_t size,
			     struct tree_proof *ret_proof);
must_use int tree_prove_growth(const struct tree_source *source, uint64_t old_size, uint64_t size,
			       struct tree_proof *ret_proof);

/* Whether the proof shows that.  RFC 9162, sections 2.1.3.2 and 2.1.4.2. */
bool tree_has_leaf(const struct tree_proof *proof, const struct tree_hash *leaf, uint64_t index,
		   uint64_t size, const struct tree_hash *root);
bool tree_has_grown(const struct tree_proof *proof, uint64_t old_size,
		    const struct tree_hash *old_root, uint64_t size, const struct tree_hash *root);

#endif
