/* SPDX-License-Identifier: MIT */
#include "tools/evidence/leaves.h"

#include <errno.h>

#include "common/record_format.h"

static int grow(struct evidence_leaves *leaves)
{
	size_t capacity = leaves->capacity ? 2 * leaves->capacity : 64;
	uint64_t *at = reallocarray(leaves->at, capacity, sizeof(*at));

	if (!at)
		return -ENOMEM;
	leaves->at = at;
	leaves->capacity = capacity;
	return 0;
}

int evidence_leaves_add(struct evidence_leaves *leaves, const struct evidence_block *block,
			struct error *error)
{
	uint64_t first;
	int r = evidence_number(block, "first", &first, error);

	if (r < 0)
		return r;
	if (first != leaves->size || first % EVIDENCE_LEAVES_WIDTH != 0 || block->length == 0 ||
	    block->length % SHA256_SIZE != 0 ||
	    block->length > (uint64_t)EVIDENCE_LEAVES_WIDTH * SHA256_SIZE)
		return error_set(error, -EBADMSG, "hashes of leaves are missing from leaf %llu on",
				 (unsigned long long)leaves->size);
	r = leaves->count < leaves->capacity ? 0 : grow(leaves);
	if (r < 0)
		return error_system(error, r, "export");
	leaves->at[leaves->count++] = block->bytes_at;
	leaves->size += block->length / SHA256_SIZE;
	return 0;
}

void evidence_leaves_done(struct evidence_leaves *leaves)
{
	free(leaves->at);
	leaves->at = NULL;
}

static int hold(struct evidence_leaves *leaves, uint64_t number)
{
	uint64_t first = number * EVIDENCE_LEAVES_WIDTH, count = leaves->size - first;

	if (leaves->held == number + 1)
		return 0;
	leaves->held = 0;
	if (count > EVIDENCE_LEAVES_WIDTH)
		count = EVIDENCE_LEAVES_WIDTH;
	int r = record_pread(leaves->fd, leaves->at[number], leaves->hashes,
			     (size_t)count * SHA256_SIZE);
	if (r < 0)
		return -EIO;
	leaves->held = number + 1;
	return 0;
}

int evidence_leaves_read(struct evidence_leaves *leaves, uint64_t index, struct tree_hash *ret_hash)
{
	if (index >= leaves->size)
		return -ERANGE;
	int r = hold(leaves, index / EVIDENCE_LEAVES_WIDTH);
	if (r == 0)
		*ret_hash = leaves->hashes[index % EVIDENCE_LEAVES_WIDTH];
	return r;
}

int evidence_leaves_find(void *context, unsigned int level, uint64_t index,
			 struct tree_hash *ret_hash)
{
	struct tree tree = { .size = 0 };
	struct tree_hash leaf;
	uint64_t first = index << level, count = UINT64_C(1) << level;

	for (uint64_t i = 0; i < count; i++) {
		int r = evidence_leaves_read(context, first + i, &leaf);

		if (r == 0)
			r = tree_add(&tree, &leaf, NULL, NULL);
		if (r < 0)
			return r;
	}
	*ret_hash = tree_root(&tree);
	return 0;
}
