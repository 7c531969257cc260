/* SPDX-License-Identifier: MIT */
/* What was let go of: that the log's server says so, and where the chains go on.  The bytes of a leaf that is
 * gone cannot be looked at.  What is left of it is its text in the tree, which says of which part it was and
 * where it ended; and the chain's hash behind it is in the hash of the batch that follows, which is here. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "control/leaf.h"
#include "control/line.h"
#include "control/retention.h"
#include "tools/evidence/definitions.h"
#include "tools/evidence/trouble.h"
#include "tools/evidence/verifying.h"

#define DAY_SIZE 40u

static void write_day(uint64_t ns, char ret_text[DAY_SIZE])
{
	time_t seconds = (time_t)(ns / SECOND_NS);
	struct tm day;

	gmtime_r(&seconds, &day);
	strftime(ret_text, DAY_SIZE, "%Y-%m-%d %H:%M:%SZ", &day);
}

static void tell(struct verifying *verifying, const struct retention *retention)
{
	char before[DAY_SIZE], made[DAY_SIZE];

	write_day(retention->before_ns, before);
	write_day(retention->made_ns, made);
	snprintf(verifying->retention, sizeof(verifying->retention),
		 "leaves before %" PRIu64
		 ", which the server had before %s: let go of at %s by %.*s",
		 retention->leaves, before, made, SLICE_ARGUMENTS(retention->by));
}

int verifying_retention(struct verifying *verifying, const struct evidence_block *block)
{
	struct retention retention;
	struct slice note;
	uint64_t leaves;
	int r = evidence_bytes(&verifying->file, &note, verifying->error);

	if (r == 0)
		r = evidence_number(block, "leaves", &leaves, verifying->error);
	if (r < 0)
		return r;
	r = retention_open(note, &verifying->report->log, &retention);
	if (r < 0)
		return evidence_note_trouble(r, verifying->error);
	if (retention.leaves != leaves)
		return verifying_bad(verifying, "it is of other leaves than its line says");
	if (leaves <= verifying->next_leaf)
		return verifying_bad(verifying, "it is of no more leaves than the one before it");
	if (leaves > verifying->leaves.size)
		return verifying_bad(verifying, "it is of a longer log");
	verifying->next_leaf = verifying->report->gone = leaves;
	tell(verifying, &retention);
	return 0;
}

/* A block's line. */
struct gone {
	struct slice agent;
	struct part_name name;
	uint64_t leaf;
	struct leaf_trace trace;
	struct record_walk walk; /* behind the leaf */
};

static int read_digest(const struct evidence_block *block, const char *name,
		       unsigned char ret_digest[SHA256_SIZE], struct error *error)
{
	struct slice text;
	int r = evidence_text(block, name, &text, error);

	if (r < 0)
		return r;
	return line_digest(text, ret_digest) == 0
		       ? 0
		       : error_set(error, -EBADMSG, "its line does not say \"%s\"", name);
}

static int read_line(const struct evidence_block *block, struct gone *ret_gone, struct error *error)
{
	struct slice part;
	int r = evidence_text(block, "agent", &ret_gone->agent, error);

	if (r == 0)
		r = evidence_text(block, "part", &part, error);
	if (r == 0)
		r = evidence_number(block, "leaf", &ret_gone->leaf, error);
	if (r == 0)
		r = evidence_number(block, "offset", &ret_gone->trace.offset, error);
	if (r == 0)
		r = evidence_number(block, "length", &ret_gone->trace.length, error);
	if (r == 0)
		r = read_digest(block, "digest", ret_gone->trace.digest, error);
	if (r == 0)
		r = read_digest(block, "head", ret_gone->walk.head, error);
	if (r < 0)
		return r;
	if (part_name_read(part, &ret_gone->name) < 0)
		return error_set(error, -EBADMSG, "the part's name is none");
	ret_gone->walk.offset = ret_gone->trace.offset + ret_gone->trace.length;
	return 0;
}

static int check_leaf(struct verifying *verifying, const struct gone *gone)
{
	struct tree_hash told, leaf = leaf_hash_traced(gone->agent, verifying->part, &gone->trace);
	int r = evidence_leaves_read(&verifying->leaves, gone->leaf, &told);

	if (r < 0)
		return error_system(verifying->error, r, "hashes of leaves");
	return memcmp(told.bytes, leaf.bytes, SHA256_SIZE) == 0
		       ? 0
		       : verifying_bad(verifying, "the log has another leaf there");
}

/* Each part has one, in the order of the log. */
static int check_order(struct verifying *verifying, const struct gone *gone,
		       const struct evidence_part *part)
{
	if (gone->leaf >= verifying->report->gone)
		return verifying_bad(verifying, "no retention says that it is gone");
	if (gone->leaf < verifying->gone_parts || part->gone > 0)
		return verifying_bad(verifying, "it does not belong here");
	verifying->gone_parts = gone->leaf + 1;
	return 0;
}

int verifying_gone(struct verifying *verifying, const struct evidence_block *block)
{
	struct evidence_part *part = NULL;
	struct gone gone;
	int r = read_line(block, &gone, verifying->error);

	if (r < 0)
		return r;
	verifying->leaf = gone.leaf;
	verifying->offset = gone.trace.offset;
	r = verifying_part(verifying, gone.agent, &gone.name, &part);
	if (r == 0)
		r = check_order(verifying, &gone, part);
	if (r == 0)
		r = check_leaf(verifying, &gone);
	if (r < 0)
		return r;
	part->walk = gone.walk;
	part->gone = gone.walk.offset;
	evidence_chains_compare(verifying->chains, part);
	verifying->part[0] = '\0';
	return 0;
}

int verifying_definition(struct verifying *verifying, const struct evidence_block *block)
{
	struct evidence_definition definition;
	struct record_lists lists;
	size_t number;
	int r = evidence_definition(&verifying->file, block, &lists, &definition, verifying->error);

	if (r < 0)
		return r;
	if (evidence_chains_agent(verifying->chains, definition.agent, &number) < 0)
		return verifying_bad(verifying, "it is of a machine that is not listed");
	return verifying->report->gone > 0
		       ? 0
		       : verifying_bad(verifying, "no retention says that anything is gone");
}
