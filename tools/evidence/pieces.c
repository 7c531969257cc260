/* SPDX-License-Identifier: MIT */
#include "tools/evidence/pieces.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/evidence/delivered.h"

/* Passes the pieces of one delivery. */
static int pass_delivery(struct evidence_file *file, const struct evidence_block *block,
			 evidence_piece_seen *seen, void *context, struct error *error)
{
	struct evidence_piece piece;
	struct record_walk walk;
	struct slice rest;
	int r = evidence_delivered(block, &piece.agent, &piece.name, &walk, error);

	if (r == 0)
		r = evidence_number(block, "first_leaf", &piece.leaf, error);
	if (r == 0)
		r = evidence_bytes(file, &rest, error);
	if (r < 0)
		return r;
	while ((r = record_walk_next(&walk, &rest, &piece.piece)) == 1) {
		memcpy(piece.head, walk.head, SHA256_SIZE);
		r = seen(context, &piece);
		if (r != 0)
			return r;
		piece.leaf++;
	}
	if (r == 0 && rest.length == 0)
		return 0;
	return error_set(error, -EBADMSG, "offset %llu: the chain's hash does not fit",
			 (unsigned long long)walk.offset);
}

int evidence_pieces(const char *path, evidence_piece_seen *seen, void *context, struct error *error)
{
	SCOPED(evidence_close) struct evidence_file file = { .stream = NULL };
	const struct evidence_block *block;
	int r = evidence_open(path, &file, error);

	if (r < 0)
		return r;
	while ((r = evidence_next(&file, &block, error)) == 1) {
		r = block->kind == EVIDENCE_DELIVERY
			    ? pass_delivery(&file, block, seen, context, error)
			    : 0;
		if (r != 0)
			break;
	}
	if (r == -EBADMSG && error && !error->file[0])
		snprintf(error->file, sizeof(error->file), "%s, block %llu", path,
			 (unsigned long long)file.block.number);
	return r;
}
