/* SPDX-License-Identifier: MIT */
/* Roots are those that RFC 6962 defines; every proof holds, and no proof holds for anything else. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "control/tree.h"
#include "tests/unit/run_suite.h"

#define SIZE_TRIED 70u

/* The leaves and roots that Certificate Transparency's own tests use. */
static const struct slice LEAVES[] = {
	{ "", 0 },
	{ "\x00", 1 },
	{ "\x10", 1 },
	{ "\x20\x21", 2 },
	{ "\x30\x31", 2 },
	{ "\x40\x41\x42\x43", 4 },
	{ "\x50\x51\x52\x53\x54\x55\x56\x57", 8 },
	{ "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16 },
};
static const char *const ROOTS[] = {
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

/* A log that keeps every whole subtree, and the tree's root at each size. */
struct log {
	struct tree tree;
	struct tree_hash leaves[SIZE_TRIED];
	struct tree_hash subtrees[8][SIZE_TRIED];
	bool is_whole[8][SIZE_TRIED];
	struct tree_hash roots[SIZE_TRIED + 1];
};

static struct log kept;

static int keep(void *context, unsigned int level, uint64_t index, const struct tree_hash *hash)
{
	struct log *into = context;

	ck_assert(!into->is_whole[level][index]);
	into->subtrees[level][index] = *hash;
	into->is_whole[level][index] = true;
	return 0;
}

static int find(void *context, unsigned int level, uint64_t index, struct tree_hash *ret_hash)
{
	const struct log *from = context;

	if (!from->is_whole[level][index])
		return -ENOENT;
	*ret_hash = from->subtrees[level][index];
	return 0;
}

static const struct tree_source SOURCE = { find, &kept };

static void fill(void)
{
	memset(&kept, 0, sizeof(kept));
	kept.roots[0] = tree_root(&kept.tree);
	for (unsigned int i = 0; i < SIZE_TRIED; i++) {
		kept.leaves[i] = tree_leaf((struct slice){ (const char *)&i, sizeof(i) });
		ck_assert_int_eq(tree_add(&kept.tree, &kept.leaves[i], keep, &kept), 0);
		kept.roots[i + 1] = tree_root(&kept.tree);
	}
}

START_TEST(has_the_published_roots)
{
	struct tree tree = { 0 };

	for (size_t size = 0; size < COUNT_OF(ROOTS); size++) {
		SCOPED(buf_done) struct buf hex = BUF_MAX(100);
		struct tree_hash root = tree_root(&tree);

		buf_add_hex(&hex, root.bytes, sizeof(root.bytes));
		ck_assert_str_eq(buf_text(&hex), ROOTS[size]);
		if (size < COUNT_OF(LEAVES)) {
			struct tree_hash leaf = tree_leaf(LEAVES[size]);

			ck_assert_int_eq(tree_add(&tree, &leaf, NULL, NULL), 0);
		}
	}
}
END_TEST

START_TEST(every_leaf_is_proved_in_every_tree)
{
	struct tree_proof proof;

	for (uint64_t size = 1; size <= SIZE_TRIED; size++) {
		for (uint64_t index = 0; index < size; index++) {
			ck_assert_int_eq(tree_prove_leaf(&SOURCE, index, size, &proof), 0);
			ck_assert(tree_has_leaf(&proof, &kept.leaves[index], index, size,
						&kept.roots[size]));
		}
		ck_assert_int_eq(tree_prove_leaf(&SOURCE, size, size, &proof), -ERANGE);
	}
}
END_TEST

START_TEST(every_growth_is_proved)
{
	struct tree_proof proof;

	for (uint64_t size = 0; size <= SIZE_TRIED; size++) {
		for (uint64_t old = 0; old <= size; old++) {
			ck_assert_int_eq(tree_prove_growth(&SOURCE, old, size, &proof), 0);
			ck_assert(tree_has_grown(&proof, old, &kept.roots[old], size,
						 &kept.roots[size]));
		}
		ck_assert_int_eq(tree_prove_growth(&SOURCE, size + 1, size, &proof), -ERANGE);
	}
}
END_TEST

/* Another leaf, place, size or root, a hash more, less or changed. */
START_TEST(a_leafs_proof_proves_nothing_else)
{
	struct tree_proof proof;
	uint64_t size = (uint64_t)_i;
	const struct tree_hash *root = &kept.roots[size];

	for (uint64_t index = 0; index < size; index++) {
		ck_assert_int_eq(tree_prove_leaf(&SOURCE, index, size, &proof), 0);
		for (uint64_t other = 0; other < SIZE_TRIED; other++) {
			const struct tree_hash *leaf = &kept.leaves[other];

			if (other == index)
				continue;
			ck_assert(!tree_has_leaf(&proof, leaf, index, size, root));
			ck_assert(!tree_has_leaf(&proof, leaf, other, size, root));
			ck_assert(!tree_has_leaf(&proof, &kept.leaves[index], index, size,
						 &kept.roots[other + (other >= size)]));
		}
		proof.count++;
		ck_assert(!tree_has_leaf(&proof, &kept.leaves[index], index, size, root));
		proof.count--;
		for (size_t i = 0; i < proof.count; i++) {
			proof.hashes[i].bytes[i] ^= 1;
			ck_assert(!tree_has_leaf(&proof, &kept.leaves[index], index, size, root));
			proof.hashes[i].bytes[i] ^= 1;
		}
		if (proof.count > 0) {
			proof.count--;
			ck_assert(!tree_has_leaf(&proof, &kept.leaves[index], index, size, root));
		}
	}
}
END_TEST

START_TEST(a_growths_proof_proves_nothing_else)
{
	struct tree_proof proof;
	uint64_t size = (uint64_t)_i;
	const struct tree_hash *root = &kept.roots[size];

	for (uint64_t old = 1; old < size; old++) {
		const struct tree_hash *old_root = &kept.roots[old];

		ck_assert_int_eq(tree_prove_growth(&SOURCE, old, size, &proof), 0);
		for (uint64_t other = 1; other <= SIZE_TRIED; other++) {
			if (other != old)
				ck_assert(!tree_has_grown(&proof, old, &kept.roots[other], size,
							  root));
			if (other != size)
				ck_assert(!tree_has_grown(&proof, old, old_root, size,
							  &kept.roots[other]));
		}
		for (size_t i = 0; i < proof.count; i++) {
			proof.hashes[i].bytes[i] ^= 1;
			ck_assert(!tree_has_grown(&proof, old, old_root, size, root));
			proof.hashes[i].bytes[i] ^= 1;
		}
		proof.count++;
		ck_assert(!tree_has_grown(&proof, old, old_root, size, root));
		proof.count -= 2;
		ck_assert(!tree_has_grown(&proof, old, old_root, size, root));
	}
}
END_TEST

static int refuse(void *context, unsigned int level, uint64_t index, const struct tree_hash *hash)
{
	(void)context;
	(void)index;
	(void)hash;
	return level == 2 ? -ENOSPC : 0;
}

START_TEST(a_leaf_that_cannot_be_kept_is_not_added)
{
	struct tree before, tree = { 0 };

	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(tree_add(&tree, &kept.leaves[i], refuse, NULL), 0);
	before = tree;
	ck_assert_int_eq(tree_add(&tree, &kept.leaves[3], refuse, NULL), -ENOSPC);
	ck_assert_mem_eq(&tree, &before, sizeof(tree));
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, has_the_published_roots);
	tcase_add_test(tests, every_leaf_is_proved_in_every_tree);
	tcase_add_test(tests, every_growth_is_proved);
	tcase_add_loop_test(tests, a_leafs_proof_proves_nothing_else, 1, SIZE_TRIED + 1);
	tcase_add_loop_test(tests, a_growths_proof_proves_nothing_else, 2, SIZE_TRIED + 1);
	tcase_add_test(tests, a_leaf_that_cannot_be_kept_is_not_added);
}

int main(void)
{
	return run_suite("tree", fill, NULL, add_tests);
}
