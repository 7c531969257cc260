/* SPDX-License-Identifier: MIT */
#include "tools/evidence/log.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/record_format.h"
#include "tools/evidence/trouble.h"

static int note_checkpoint(struct evidence_log *log, const struct evidence_block *block,
			   struct error *error)
{
	struct evidence_signed row = { .at = block->bytes_at, .length = block->length };
	int r = evidence_number(block, "size", &row.size, error);

	if (r < 0)
		return r;
	if (log->signed_count == log->signed_capacity) {
		size_t capacity = log->signed_capacity ? 2 * log->signed_capacity : 64;
		struct evidence_signed *rows =
			reallocarray(log->signed_at, capacity, sizeof(*rows));

		if (!rows)
			return error_system(error, -ENOMEM, "export");
		log->signed_at = rows;
		log->signed_capacity = capacity;
	}
	log->signed_at[log->signed_count++] = row;
	return 0;
}

static int take(struct evidence_log *log, const struct evidence_trust *trust,
		const struct evidence_block *block, struct error *error)
{
	switch (block->kind) {
	case EVIDENCE_LOG:
		return evidence_choose_key(trust, block, &log->key, &log->key_source, error);
	case EVIDENCE_LEAVES:
		return evidence_leaves_add(&log->leaves, block, error);
	case EVIDENCE_CHECKPOINT:
		return note_checkpoint(log, block, error);
	default:
		return 0;
	}
}

int evidence_log_open(const char *path, const struct evidence_trust *trust,
		      struct evidence_log *ret_log, struct error *error)
{
	SCOPED(evidence_log_close) struct evidence_log log = { .signed_at = NULL };
	const struct evidence_block *block;
	int r = evidence_open(path, &log.file, error);

	if (r < 0)
		return r;
	log.leaves.fd = fileno(log.file.stream);
	while ((r = evidence_next(&log.file, &block, error)) == 1) {
		r = take(&log, trust, block, error);
		if (r < 0)
			return r;
		if (block->kind >= EVIDENCE_DELIVERY)
			break;
	}
	if (r < 0)
		return r;
	*ret_log = log;
	log = (struct evidence_log){ .signed_at = NULL };
	return 0;
}

void evidence_log_close(struct evidence_log *log)
{
	if (log->file.stream)
		evidence_close(&log->file);
	evidence_leaves_done(&log->leaves);
	free(log->signed_at);
	log->signed_at = NULL;
}

static int read_note(struct evidence_log *log, const struct evidence_signed *row, struct buf *note)
{
	char *room = row->length > 0 && row->length <= NOTE_SIZE_MAX
			     ? buf_extend(note, (size_t)row->length)
			     : NULL;

	return room ? record_pread(log->leaves.fd, row->at, room, (size_t)row->length) : -EBADMSG;
}

int evidence_log_check(struct evidence_log *log, const struct checkpoint *checkpoint,
		       struct error *error)
{
	struct tree tree = { .size = 0 };
	struct tree_hash leaf;
	int r = 0;

	if (checkpoint->size > log->leaves.size)
		return error_set(error, -EBADMSG,
				 "the log has %" PRIu64 " leaves, and had %" PRIu64
				 " when that was signed",
				 log->leaves.size, checkpoint->size);
	while (r == 0 && tree.size < checkpoint->size) {
		r = evidence_leaves_read(&log->leaves, tree.size, &leaf);
		if (r == 0)
			r = tree_add(&tree, &leaf, NULL, NULL);
	}
	if (r < 0)
		return error_system(error, r, "hashes of leaves");
	struct tree_hash root = tree_root(&tree);
	return memcmp(root.bytes, checkpoint->root.bytes, SHA256_SIZE) == 0
		       ? 0
		       : error_set(error, -EBADMSG,
				   "the log had another root when it had %" PRIu64 " leaves",
				   checkpoint->size);
}

static const struct evidence_signed *find(const struct evidence_log *log, uint64_t size)
{
	if (size == EVIDENCE_NEWEST)
		return log->signed_count ? &log->signed_at[log->signed_count - 1] : NULL;
	for (size_t i = 0; i < log->signed_count; i++) {
		if (log->signed_at[i].size == size)
			return &log->signed_at[i];
	}
	return NULL;
}

int evidence_log_head(struct evidence_log *log, uint64_t size, struct evidence_head *ret_head,
		      struct error *error)
{
	const struct evidence_signed *row = find(log, size);

	if (!row)
		return size == EVIDENCE_NEWEST
			       ? error_set(error, -ENOENT, "no checkpoint is in this export")
			       : error_set(error, -ENOENT,
					   "no checkpoint of %" PRIu64 " leaves is in this export",
					   size);
	int r = read_note(log, row, &ret_head->note);
	if (r == 0)
		r = checkpoint_open(buf_view(&ret_head->note), &log->key, &ret_head->checkpoint);
	if (r < 0)
		return evidence_note_trouble(r, error);
	return evidence_log_check(log, &ret_head->checkpoint, error);
}

void evidence_head_done(struct evidence_head *head)
{
	buf_done(&head->note);
}
