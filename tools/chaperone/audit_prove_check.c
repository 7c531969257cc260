/* SPDX-License-Identifier: MIT */
/* Checking a proof, and showing in words what it proves. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/file.h"
#include "tools/chaperone/audit.h"
#include "tools/chaperone/audit_delivered.h"
#include "tools/chaperone/audit_json.h"
#include "tools/chaperone/audit_print.h"
#include "tools/chaperone/audit_prove.h"
#include "tools/chaperone/audit_show.h"
#include "tools/command/json.h"

struct checking {
	bool is_json;
	const struct verifying_key *key;
	char event[PROOF_EVENT_MAX + 1]; /* empty: of no one */
	bool is_shown;
	uint64_t size;             /* of the log by which it is proven */
	struct buf leaves, events; /* what is printed of them */
};

static int show_event(void *context, const struct audit_event *event)
{
	struct checking *checking = context;

	if (checking->event[0] && (checking->is_shown || !audit_event_is(event, checking->event)))
		return 0;
	checking->is_shown = true;
	if (checking->is_json) {
		audit_add_json_full(&checking->events, event);
		buf_add_char(&checking->events, ',');
	} else if (checking->event[0]) {
		audit_add_full(&checking->events, event);
	} else {
		audit_add_table_row(&checking->events, event, audit_columns());
	}
	return checking->events.failed;
}

static void show_leaf(struct checking *checking, const struct proof_leaf *leaf)
{
	const struct evidence_piece *piece = &leaf->piece;
	struct buf *out = &checking->leaves;
	char part[PART_NAME_SIZE];

	part_name_write(&piece->name, part);
	checking->size = leaf->checkpoint.size;
	if (checking->is_json) {
		json_open(out, NULL, '{');
		json_number(out, "leaf", piece->leaf);
		json_text(out, "agent", piece->agent);
		json_text(out, "part", slice_of(part));
		json_number(out, "offset", piece->piece.offset);
		json_number(out, "bytes", piece->piece.bytes.length);
		json_close(out, '}');
		return;
	}
	buf_printf(out, "leaf %" PRIu64 " of %" PRIu64 ": part %s of agent ", piece->leaf,
		   leaf->checkpoint.size, part);
	visible_add(out, piece->agent, 0);
	buf_printf(out, ", %zu bytes from offset %" PRIu64 " on\n", piece->piece.bytes.length,
		   piece->piece.offset);
}

/* Checks each leaf and joins what they hold. */
static int check_leaves(struct checking *checking, struct proof_walk *walk, struct error *error)
{
	SCOPED(audit_delivered_freep) struct audit_delivered *delivered = audit_delivered_new();
	struct proof_leaf leaf;
	int r;

	if (!delivered)
		return error_system(error, -ENOMEM, "proof");
	snprintf(checking->event, sizeof(checking->event), "%.*s", SLICE_ARGUMENTS(walk->event));
	while ((r = proof_next(walk, checking->key, &leaf, error)) == 1) {
		const struct slice *bytes = &leaf.piece.piece.bytes;

		memcpy(leaf.piece.head, bytes->at + bytes->length - SHA256_SIZE, SHA256_SIZE);
		show_leaf(checking, &leaf);
		r = audit_delivered_take(delivered, &leaf.piece, show_event, checking);
		if (r < 0)
			return error_set(error, -EBADMSG, "leaf %" PRIu64 " cannot be read",
					 leaf.piece.leaf);
	}
	if (r == 0)
		r = audit_delivered_end(delivered, show_event, checking);
	if (r == 0 && checking->event[0] && !checking->is_shown)
		return error_set(error, -EBADMSG, "event %s is not in what it proves",
				 checking->event);
	return r;
}

static void add_json(struct buf *out, const struct checking *checking, uint64_t from)
{
	json_open(out, NULL, '{');
	json_bool(out, "good", true);
	json_text(out, "log", slice_of(checking->key->name));
	json_number(out, "size", checking->size);
	if (from != UINT64_MAX)
		json_number(out, "begins_with", from);
	json_open(out, "leaves", '[');
	buf_add_slice(out, buf_view(&checking->leaves));
	json_close(out, ']');
	json_open(out, "events", '[');
	buf_add_slice(out, buf_view(&checking->events));
	json_close(out, ']');
	json_close(out, '}');
	json_end(out);
	buf_add_char(out, '\n');
}

static void add_text(struct buf *out, const struct checking *checking, uint64_t from)
{
	if (from != UINT64_MAX) {
		buf_printf(out,
			   "good: the log %s of %" PRIu64 " leaves begins with that of %" PRIu64
			   "\n",
			   checking->key->name, checking->size, from);
		return;
	}
	buf_printf(out, "good: this is in the log %s of %" PRIu64 " leaves\n", checking->key->name,
		   checking->size);
	buf_add_slice(out, buf_view(&checking->leaves));
	if (checking->events.length > 0)
		buf_add_char(out, '\n');
	buf_add_slice(out, buf_view(&checking->events));
}

static int check(struct checking *checking, struct slice text, struct error *error)
{
	SCOPED(proof_walk_done) struct proof_walk walk = { .behind = 0 };
	SCOPED(buf_done) struct buf out = BUF_MAX(2 * PROOF_MAX);
	uint64_t from = UINT64_MAX;
	int r;

	if (slice_starts_with(text, PROOF_GROWTH_TITLE)) {
		r = proof_check_growth(text, checking->key, &from, &checking->size, error);
	} else {
		r = proof_open(text, &walk, error);
		if (r == 0)
			r = check_leaves(checking, &walk, error);
	}
	if (r < 0)
		return r;
	(checking->is_json ? add_json : add_text)(&out, checking, from);
	r = audit_print(&out);
	return r < 0 ? error_system(error, r, "standard output") : 0;
}

int audit_prove_check(const struct prove_options *options, const struct audit_trust *trust,
		      struct error *error)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(PROOF_MAX);
	struct checking checking = {
		.is_json = options->is_json,
		.key = trust->trust.log ? trust->trust.log : trust->trust.pinned,
		.leaves = BUF_MAX(MIB),
		.events = BUF_MAX(PROOF_MAX),
	};

	if (!checking.key)
		return error_set(
			error, -EINVAL,
			"a proof does not say whose log it is of: name its key with --key");
	int r = file_read(options->check, &text);
	if (r < 0)
		return error_system(error, r, options->check);
	r = check(&checking, buf_view(&text), error);
	buf_done(&checking.leaves);
	buf_done(&checking.events);
	return r;
}
