/* SPDX-License-Identifier: MIT */
/* What was delivered, against the chains, the log and what parts say of each other. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "control/leaf.h"
#include "tools/evidence/delivered.h"
#include "tools/evidence/verifying.h"

static int check_leaf(struct verifying *verifying, struct slice agent,
		      const struct record_piece *piece)
{
	struct tree_hash told,
		leaf = leaf_hash(agent, verifying->part, piece->offset, piece->bytes);
	int r = evidence_leaves_read(&verifying->leaves, verifying->leaf, &told);

	if (r == -ERANGE)
		return verifying_bad(verifying, "the log has no such leaf");
	if (r < 0)
		return error_system(verifying->error, r, "hashes of leaves");
	return memcmp(told.bytes, leaf.bytes, SHA256_SIZE) == 0
		       ? 0
		       : verifying_bad(verifying, "the log has another leaf there");
}

static int check_entries(struct verifying *verifying, const struct record_piece *piece)
{
	struct record_entries entries;
	struct record_entry entry;
	int r;

	if (piece->entries == 0)
		return 0;
	record_entries_of(&entries, piece);
	while ((r = record_entries_next(&entries, &entry)) == 1)
		verifying->report->entries++;
	return r < 0 ? verifying_bad(verifying, "an entry of this batch cannot be read") : 0;
}

/* 1: a piece was there; 0: that was the last one. */
static int take_piece(struct verifying *verifying, struct slice agent, struct evidence_part *part,
		      struct slice *rest)
{
	struct record_piece piece;

	verifying->offset = part->walk.offset;
	int r = record_walk_next(&part->walk, rest, &piece);
	if (r == 0 && rest->length == 0)
		return 0;
	if (r == 0)
		return verifying_bad(verifying, "it ends inside a batch");
	if (r == -ESTALE)
		return verifying_bad(verifying, "the chain's hash does not fit");
	if (r < 0)
		return r == -ENOMEM ? error_system(verifying->error, r, "export")
				    : verifying_bad(verifying, "it is no batch");
	if (piece.offset == 0 && !part_name_fits(&part->name, &piece.header))
		return verifying_bad(verifying, "the header is another part's");
	r = check_leaf(verifying, agent, &piece);
	if (r == 0)
		r = check_entries(verifying, &piece);
	if (r < 0)
		return r;
	verifying->offset = part->walk.offset;
	verifying->leaf++;
	evidence_chains_compare(verifying->chains, part);
	return 1;
}

/* Whether the delivery goes on where its part has come to; without all deliveries, or with some in other
 * logs, or behind that. */
static int join(struct verifying *verifying, const struct record_walk *begin,
		struct evidence_part *part)
{
	bool is_next = begin->offset == part->walk.offset &&
		       memcmp(begin->head, part->walk.head, SHA256_SIZE) == 0;

	bool may_skip = verifying->report->is_filtered || verifying->report->is_shared;

	verifying->offset = begin->offset;
	if (!is_next && !(may_skip && begin->offset > part->walk.offset))
		return verifying_bad(verifying, "it does not go on where the part had come to");
	part->walk = *begin;
	return 0;
}

static int check_first(struct verifying *verifying, const struct evidence_block *block)
{
	int r = evidence_number(block, "first_leaf", &verifying->leaf, verifying->error);

	if (r < 0)
		return r;
	bool is_gap = verifying->leaf > verifying->next_leaf && !verifying->report->is_filtered;
	return !is_gap && verifying->leaf >= verifying->next_leaf
		       ? 0
		       : error_set(verifying->error, -EBADMSG,
				   "deliveries are missing before it, from leaf %" PRIu64 " on",
				   verifying->next_leaf);
}

int verifying_part(struct verifying *verifying, struct slice agent, const struct part_name *name,
		   struct evidence_part **ret_part)
{
	size_t number;

	if (evidence_chains_agent(verifying->chains, agent, &number) < 0)
		return verifying_bad(verifying, "it is of a machine that is not listed");
	int r = evidence_chains_part(verifying->chains, number, name, ret_part);
	if (r < 0)
		return error_system(verifying->error, r, "export");
	snprintf(verifying->agent, sizeof(verifying->agent), "%.*s", SLICE_ARGUMENTS(agent));
	part_name_write(name, verifying->part);
	return 0;
}

static int take_pieces(struct verifying *verifying, const struct evidence_block *block,
		       struct slice agent, struct evidence_part *part)
{
	uint64_t first = verifying->leaf, leaves;
	struct slice rest;
	int r = evidence_bytes(&verifying->file, &rest, verifying->error);

	if (r == 0)
		r = evidence_number(block, "leaves", &leaves, verifying->error);
	if (r < 0)
		return r;
	while ((r = take_piece(verifying, agent, part, &rest)) == 1)
		continue;
	if (r < 0)
		return r;
	if (verifying->leaf - first != leaves)
		return verifying_bad(verifying,
				     "it has another number of leaves than its line says");
	verifying->next_leaf = verifying->leaf;
	verifying->report->deliveries++;
	return 0;
}

int verifying_delivery(struct verifying *verifying, const struct evidence_block *block)
{
	struct evidence_part *part = NULL;
	struct record_walk begin;
	struct part_name name;
	struct slice agent;
	int r = evidence_delivered(block, &agent, &name, &begin, verifying->error);

	if (r == 0)
		r = check_first(verifying, block);
	if (r == 0)
		r = verifying_part(verifying, agent, &name, &part);
	if (r == 0)
		r = join(verifying, &begin, part);
	if (r == 0)
		r = take_pieces(verifying, block, agent, part);
	if (r == 0)
		verifying->part[0] = '\0';
	return r;
}
