/* SPDX-License-Identifier: MIT */
#include "common/record_walk.h"

#include <errno.h>
#include <string.h>

/* As record_walk_next, but nothing has moved yet; `ret_hash` is the piece's own. */
static int look_at_header(struct slice rest, struct record_piece *piece,
			  unsigned char ret_hash[SHA256_SIZE])
{
	SCOPED(free_p) struct record_link *links = NULL;

	if (rest.length < RECORD_HEADER_FIXED)
		return 0;
	if (record_header_decode(rest, &piece->header))
		return -EBADMSG;
	size_t length = record_header_size(piece->header.link_count);
	if (rest.length < length)
		return 0;
	piece->bytes = slice_part(rest, 0, length);
	if (record_links_decode(piece->bytes, &piece->header, &links))
		return links ? -EBADMSG : -ENOMEM;
	memcpy(ret_hash, piece->header.hash, SHA256_SIZE);
	return 1;
}

static int look_at_batch(const unsigned char head[SHA256_SIZE], struct slice rest,
			 struct record_piece *piece, unsigned char ret_hash[SHA256_SIZE])
{
	struct record_batch batch;

	if (rest.length < RECORD_BATCH_HEADER)
		return 0;
	if (!record_batch_decode(rest, &batch) || batch.entries == 0)
		return -EBADMSG;
	size_t hashed = RECORD_BATCH_HEADER + batch.length;
	if (rest.length < hashed + SHA256_SIZE)
		return 0;
	piece->bytes = slice_part(rest, 0, hashed + SHA256_SIZE);
	piece->entries = batch.entries;
	record_batch_hash(head, slice_part(rest, 0, hashed), ret_hash);
	return memcmp(ret_hash, rest.at + hashed, SHA256_SIZE) == 0 ? 1 : -ESTALE;
}

int record_walk_next(struct record_walk *walk, struct slice *rest, struct record_piece *ret_piece)
{
	struct record_piece piece = { .offset = walk->offset };
	unsigned char hash[SHA256_SIZE];

	if (rest->length == 0)
		return 0;
	int r = walk->offset == 0 ? look_at_header(*rest, &piece, hash)
				  : look_at_batch(walk->head, *rest, &piece, hash);
	if (r != 1)
		return r;
	walk->offset += piece.bytes.length;
	memcpy(walk->head, hash, SHA256_SIZE);
	*rest = slice_part(*rest, piece.bytes.length, rest->length);
	*ret_piece = piece;
	return 1;
}

void record_entries_begin(struct record_entries *entries, struct slice batch, uint32_t length,
			  uint32_t count)
{
	entries->wire = (struct wire){ .rest = slice_part(batch, RECORD_BATCH_HEADER, length) };
	entries->left = count;
	entries->state = (struct record_state){ 0 };
}

void record_entries_of(struct record_entries *entries, const struct record_piece *piece)
{
	size_t around = piece->entries > 0 ? RECORD_BATCH_OVERHEAD : piece->bytes.length;

	record_entries_begin(entries, piece->bytes, (uint32_t)(piece->bytes.length - around),
			     piece->entries);
}

int record_entries_next(struct record_entries *entries, struct record_entry *ret_entry)
{
	if (entries->left == 0)
		return 0;
	bool is_read =
		record_entry_decode(&entries->wire, &entries->state, &entries->lists, ret_entry);
	entries->left--;
	if (is_read && (entries->left > 0 || wire_is_done(&entries->wire)))
		return 1;
	entries->left = 0;
	return -EBADMSG;
}
