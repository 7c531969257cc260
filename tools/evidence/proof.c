/* SPDX-License-Identifier: MIT */
#include "tools/evidence/proof.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "control/base64.h"
#include "control/leaf.h"
#include "control/line.h"
#include "tools/evidence/trouble.h"

#define TLOG_PROOF    "c2sp.org/tlog-proof@v1\n"
#define LEAF_TEXT_MAX 512u
#define EXTRA_MAX     (LEAF_TEXT_MAX + RECORD_PIECE_MAX)

static struct tree_source source_of(struct evidence_log *log)
{
	return (struct tree_source){ evidence_leaves_find, &log->leaves };
}

static void add_hashes(struct buf *out, const char *before, const struct tree_proof *proof)
{
	for (size_t i = 0; i < proof->count; i++) {
		buf_add_text(out, before);
		base64_write(proof->hashes[i].bytes, SHA256_SIZE, out);
		buf_add_char(out, '\n');
	}
}

int proof_add_leaf(struct evidence_log *log, const struct evidence_head *head,
		   const struct evidence_piece *piece, struct buf *out)
{
	SCOPED(buf_done) struct buf extra = BUF_MAX(EXTRA_MAX);
	const struct tree_source source = source_of(log);
	struct tree_proof proof;
	char part[PART_NAME_SIZE];
	int r = tree_prove_leaf(&source, piece->leaf, head->checkpoint.size, &proof);

	if (r < 0)
		return r;
	part_name_write(&piece->name, part);
	leaf_text(piece->agent, part, piece->piece.offset, piece->piece.bytes, &extra);
	buf_add_slice(&extra, piece->piece.bytes);
	buf_add_text(out, TLOG_PROOF "extra ");
	base64_write(extra.at, extra.length, out);
	buf_printf(out, "\nindex %" PRIu64 "\n", piece->leaf);
	add_hashes(out, "", &proof);
	buf_add_char(out, '\n');
	buf_add_slice(out, buf_view(&head->note));
	return extra.failed ? extra.failed : out->failed;
}

int proof_add_growth(struct evidence_log *log, const struct evidence_head *from,
		     const struct evidence_head *to, struct buf *out)
{
	const struct tree_source source = source_of(log);
	struct tree_proof proof;
	int r = tree_prove_growth(&source, from->checkpoint.size, to->checkpoint.size, &proof);

	if (r < 0)
		return r;
	buf_add_text(out, PROOF_GROWTH_TITLE);
	add_hashes(out, "hash ", &proof);
	buf_printf(out, "from %zu\n", from->note.length);
	buf_add_slice(out, buf_view(&from->note));
	buf_printf(out, "to %zu\n", to->note.length);
	buf_add_slice(out, buf_view(&to->note));
	return out->failed;
}

static int no_proof(struct error *error)
{
	return error_set(error, -EBADMSG, "it is no proof of `chaperone audit prove`");
}

static bool take_prefix(struct slice *text, const char *prefix)
{
	if (!slice_starts_with(*text, prefix))
		return false;
	*text = slice_part(*text, strlen(prefix), SIZE_MAX);
	return true;
}

int proof_open(struct slice text, struct proof_walk *ret_walk, struct error *error)
{
	struct proof_walk walk = { .room = BUF_MAX(EXTRA_MAX) };

	if (!take_prefix(&text, PROOF_TITLE))
		return no_proof(error);
	if (slice_starts_with(text, "event ") &&
	    (line_value(&text, "event", &walk.event) < 0 || walk.event.length > PROOF_EVENT_MAX))
		return no_proof(error);
	if (!slice_starts_with(text, TLOG_PROOF))
		return no_proof(error);
	walk.rest = text;
	*ret_walk = walk;
	return 0;
}

void proof_walk_done(struct proof_walk *walk)
{
	buf_done(&walk->room);
}

/* Cuts the text of one proof off, which ends where the next one begins. */
static struct slice cut_proof(struct slice *rest)
{
	struct slice whole = *rest;
	size_t length = strlen(TLOG_PROOF);
	const char *next = NULL;

	while (!next && length < whole.length) {
		const char *line = memchr(whole.at + length, '\n', whole.length - length);

		length = line ? (size_t)(line - whole.at) + 1 : whole.length;
		if (slice_starts_with(slice_part(whole, length, SIZE_MAX), TLOG_PROOF))
			next = whole.at + length;
	}
	*rest = slice_part(whole, length, SIZE_MAX);
	return slice_part(whole, 0, length);
}

static int read_hash(struct slice text, struct tree_hash *ret_hash)
{
	size_t length;

	return base64_read(text, ret_hash->bytes, SHA256_SIZE, &length) < 0 || length != SHA256_SIZE
		       ? -EBADMSG
		       : 0;
}

/* Reads the lines up to the checkpoint, which is left in `text`. */
static int read_lines(struct slice *text, struct buf *ret_extra, uint64_t *ret_index,
		      struct tree_proof *ret_proof)
{
	struct slice line;
	int r = line_value(text, "extra", &line);

	buf_clear(ret_extra);
	if (r == 0)
		r = base64_read_all(line, ret_extra);
	if (r == 0)
		r = line_value(text, "index", &line);
	if (r == 0)
		r = line_number(line, ret_index);
	ret_proof->count = 0;
	while (r == 0 && (r = line_cut(text, &line)) == 0 && line.length > 0) {
		r = ret_proof->count < TREE_PROOF_MAX
			    ? read_hash(line, &ret_proof->hashes[ret_proof->count++])
			    : -EBADMSG;
	}
	return r;
}

/* What the leaf's text says of the bytes behind it. */
static int read_leaf(struct slice extra, struct evidence_piece *ret_piece)
{
	struct slice title, part, offset, length, digest;
	uint64_t number;

	if (line_cut(&extra, &title) < 0 || line_cut(&extra, &ret_piece->agent) < 0 ||
	    line_cut(&extra, &part) < 0 || part_name_read(part, &ret_piece->name) < 0 ||
	    line_cut(&extra, &offset) < 0 || line_number(offset, &ret_piece->piece.offset) < 0 ||
	    line_cut(&extra, &length) < 0 || line_number(length, &number) < 0 ||
	    line_cut(&extra, &digest) < 0 || number != extra.length)
		return -EBADMSG;
	ret_piece->piece.bytes = extra;
	return 0;
}

/* A batch says how many entries it has; what is at the beginning of a part is its header. */
static int read_piece(struct record_piece *piece)
{
	struct record_batch batch;

	if (piece->offset == 0)
		return record_header_decode(piece->bytes, &piece->header) ? -EBADMSG : 0;
	if (!record_batch_decode(slice_part(piece->bytes, 0, RECORD_BATCH_HEADER), &batch) ||
	    piece->bytes.length != RECORD_BATCH_OVERHEAD + (size_t)batch.length ||
	    batch.entries == 0)
		return -EBADMSG;
	piece->entries = batch.entries;
	return 0;
}

/* Whether the text before the bytes is the one that they have. */
static bool has_text(struct slice extra, const struct evidence_piece *piece)
{
	char part[PART_NAME_SIZE], room[LEAF_TEXT_MAX];
	struct buf text = BUF_OVER(room);

	part_name_write(&piece->name, part);
	leaf_text(piece->agent, part, piece->piece.offset, piece->piece.bytes, &text);
	return !text.failed &&
	       slice_equal(slice_part(extra, 0, extra.length - piece->piece.bytes.length),
			   buf_view(&text));
}

static int check_leaf(const struct proof_leaf *leaf, struct slice extra,
		      const struct tree_proof *proof, struct error *error)
{
	const struct evidence_piece *piece = &leaf->piece;
	struct slice text = slice_part(extra, 0, extra.length - piece->piece.bytes.length);
	struct tree_hash hash = tree_leaf(text);

	if (has_text(extra, piece) &&
	    tree_has_leaf(proof, &hash, piece->leaf, leaf->checkpoint.size, &leaf->checkpoint.root))
		return 1;
	return error_set(error, -EBADMSG,
			 "leaf %" PRIu64 " is not in the log of %" PRIu64 " leaves", piece->leaf,
			 leaf->checkpoint.size);
}

int proof_next(struct proof_walk *walk, const struct verifying_key *key,
	       struct proof_leaf *ret_leaf, struct error *error)
{
	struct proof_leaf leaf = { .piece = { .leaf = 0 } };
	struct tree_proof proof;

	if (walk->rest.length == 0)
		return 0;
	struct slice text = cut_proof(&walk->rest);
	if (!take_prefix(&text, TLOG_PROOF) ||
	    read_lines(&text, &walk->room, &leaf.piece.leaf, &proof) < 0 ||
	    leaf.piece.leaf < walk->behind || read_leaf(buf_view(&walk->room), &leaf.piece) < 0 ||
	    read_piece(&leaf.piece.piece) < 0)
		return no_proof(error);
	int r = checkpoint_open(text, key, &leaf.checkpoint);
	if (r < 0)
		return evidence_note_trouble(r, error);
	r = check_leaf(&leaf, buf_view(&walk->room), &proof, error);
	if (r == 1) {
		walk->behind = leaf.piece.leaf + 1;
		*ret_leaf = leaf;
	}
	return r;
}

/* Cuts "NAME LENGTH", a line's end, and so many bytes off. */
static int cut_note(struct slice *text, const char *name, struct slice *ret_note)
{
	struct slice value;
	uint64_t length;

	if (line_value(text, name, &value) < 0 || line_number(value, &length) < 0 ||
	    length > text->length)
		return -EBADMSG;
	*ret_note = slice_part(*text, 0, (size_t)length);
	*text = slice_part(*text, (size_t)length, SIZE_MAX);
	return 0;
}

static int read_growth(struct slice text, struct tree_proof *ret_proof, struct slice *ret_from,
		       struct slice *ret_to)
{
	struct slice value;

	ret_proof->count = 0;
	if (!take_prefix(&text, PROOF_GROWTH_TITLE))
		return -EBADMSG;
	while (slice_starts_with(text, "hash ")) {
		if (ret_proof->count == TREE_PROOF_MAX || line_value(&text, "hash", &value) < 0 ||
		    read_hash(value, &ret_proof->hashes[ret_proof->count++]) < 0)
			return -EBADMSG;
	}
	if (cut_note(&text, "from", ret_from) < 0 || cut_note(&text, "to", ret_to) < 0)
		return -EBADMSG;
	return text.length == 0 ? 0 : -EBADMSG;
}

int proof_check_growth(struct slice text, const struct verifying_key *key, uint64_t *ret_from,
		       uint64_t *ret_to, struct error *error)
{
	struct checkpoint from, to;
	struct slice old_note, note;
	struct tree_proof proof;

	if (read_growth(text, &proof, &old_note, &note) < 0)
		return no_proof(error);
	int r = checkpoint_open(old_note, key, &from);
	if (r == 0)
		r = checkpoint_open(note, key, &to);
	if (r < 0)
		return evidence_note_trouble(r, error);
	if (!tree_has_grown(&proof, from.size, &from.root, to.size, &to.root))
		return error_set(error, -EBADMSG,
				 "the log of %" PRIu64
				 " leaves does not begin with that of %" PRIu64,
				 to.size, from.size);
	*ret_from = from.size;
	*ret_to = to.size;
	return 0;
}
