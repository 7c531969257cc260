/* SPDX-License-Identifier: MIT */
/* Which leaves tell of an event.  Definitions are on the record once, mostly long before the event, so
 * an export is passed twice: to find the event, and then what it names. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "tools/chaperone/audit_delivered.h"
#include "tools/chaperone/audit_prove.h"

#define NAMED_MAX 6u

/* An entry that the event names. */
struct named {
	enum record_kind kind;
	uint64_t number;
	bool is_found;
};

struct wanted {
	const char *id;
	bool is_found;
	/* the event: where its batch is, and what it names */
	char agent[RECORD_NAME_SIZE];
	struct part_name name;
	uint64_t offset, boot, connection, sequence;
	uint64_t leaf; /* that batch's, once it was passed */
	bool is_over, is_passed,
		has_outcome; /* an outcome is on the record; the rest while it is sought */
	struct named named[NAMED_MAX];
	size_t named_count;
	/* where the proofs come to */
	struct evidence_log *log;
	const struct evidence_head *head;
	struct buf *out;
	struct error *error;
};

static void name_entry(struct wanted *wanted, const struct record_entry *entry)
{
	if (entry)
		wanted->named[wanted->named_count++] =
			(struct named){ entry->kind, entry->number, false };
}

static int find_event(void *context, const struct audit_event *event)
{
	struct wanted *wanted = context;
	struct slice agent;

	if (wanted->is_found || !audit_event_is(event, wanted->id))
		return 0;
	int r = audit_delivered_place(event, &agent, &wanted->name);
	if (r < 0)
		return r;
	snprintf(wanted->agent, sizeof(wanted->agent), "%.*s", SLICE_ARGUMENTS(agent));
	wanted->is_found = true;
	wanted->offset = event->offset;
	wanted->boot = event->boot_number;
	wanted->connection = event->connection_number;
	wanted->sequence = event->sequence;
	wanted->is_over = event->kind == AUDIT_STATEMENT && event->end != AUDIT_END_OPEN;
	name_entry(wanted, event->boot);
	name_entry(wanted, event->policy);
	name_entry(wanted, event->run);
	name_entry(wanted, event->process);
	name_entry(wanted, event->connection);
	name_entry(wanted, event->judgement);
	return 0;
}

/* Numbers carry their boot in the upper half, or belong to the boot in whose part they are. */
static bool is_named(const struct named *named, const struct record_entry *entry,
		     const struct wanted *wanted, uint32_t boot)
{
	if (named->is_found || entry->kind != named->kind)
		return false;
	if (entry->kind == RECORD_BOOT)
		return boot == wanted->boot;
	return entry->number == named->number && (entry->number >> 32 || boot == wanted->boot);
}

static bool is_outcome(const struct record_entry *entry, const struct wanted *wanted, uint32_t boot)
{
	return (entry->kind == RECORD_OUTCOME || entry->kind == RECORD_LOST) && wanted->is_passed &&
	       wanted->is_over && !wanted->has_outcome && entry->parent == wanted->connection &&
	       entry->number == wanted->sequence && (entry->parent >> 32 || boot == wanted->boot);
}

/* Whether an entry of the piece is one that is sought. */
static bool has_wanted(struct wanted *wanted, const struct evidence_piece *piece)
{
	struct record_entries entries;
	struct record_entry entry;
	uint32_t boot = piece->name.boot;
	bool is_wanted = false;

	record_entries_of(&entries, &piece->piece);
	while (record_entries_next(&entries, &entry) == 1) {
		for (size_t i = 0; i < wanted->named_count; i++) {
			if (is_named(&wanted->named[i], &entry, wanted, boot))
				wanted->named[i].is_found = is_wanted = true;
		}
		if (is_outcome(&entry, wanted, boot))
			wanted->has_outcome = is_wanted = true;
	}
	return is_wanted;
}

static int prove_piece(void *context, const struct evidence_piece *piece)
{
	struct wanted *wanted = context;

	if (!slice_is(piece->agent, wanted->agent) || piece->piece.entries == 0)
		return 0;
	bool is_own = piece->piece.offset == wanted->offset &&
		      piece->name.boot == wanted->name.boot &&
		      piece->name.part == wanted->name.part;
	wanted->is_passed |= is_own;
	if (is_own)
		wanted->leaf = piece->leaf;
	if (!has_wanted(wanted, piece) && !is_own)
		return 0;
	int r = proof_add_leaf(wanted->log, wanted->head, piece, wanted->out);
	if (r == -ERANGE)
		return error_set(wanted->error, r,
				 "leaf %" PRIu64 " tells of it, and the checkpoint is of %" PRIu64
				 " leaves",
				 piece->leaf, wanted->head->checkpoint.size);
	return r < 0 ? error_system(wanted->error, r, "proof") : 0;
}

/* What names the event is part of the proof: without it nobody could tell what the batch is about. */
static int check_named(const struct wanted *wanted)
{
	for (size_t i = 0; i < wanted->named_count; i++) {
		if (!wanted->named[i].is_found)
			return error_set(wanted->error, -ENOENT,
					 "what it names is told by leaves that are not in this "
					 "export; --leaf %" PRIu64 " proves its batch",
					 wanted->leaf);
	}
	return 0;
}

int audit_prove_event(const struct prove_options *options, struct evidence_log *log,
		      const struct evidence_head *head, struct buf *out, struct error *error)
{
	SCOPED(audit_delivered_freep) struct audit_delivered *delivered = audit_delivered_new();
	struct wanted wanted = {
		.id = options->event, .log = log, .head = head, .out = out, .error = error
	};

	if (!delivered)
		return error_system(error, -ENOMEM, options->export);
	int r = audit_delivered_read(delivered, options->export, find_event, &wanted, error);
	if (r < 0)
		return r;
	if (!wanted.is_found)
		return error_set(error, -ENOENT, "no such event is in this export");
	buf_printf(out, "event %s\n", options->event);
	r = evidence_pieces(options->export, prove_piece, &wanted, error);
	return r < 0 ? r : check_named(&wanted);
}
