/* SPDX-License-Identifier: MIT */
/* What parts of a machine say of each other.  Their headers are the machine's own word: what is wrong
 * with them says nothing against the log, or against any other machine. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/evidence/verifying.h"

#define MISSING_TOLD_MAX 16u /* of one machine */

static void tell(struct verifying *verifying, enum evidence_remark remark, const char *text)
{
	verifying->watch->remark(verifying->watch->context, remark, text);
}

static void tell_contradicted(void *context, struct slice agent, const struct part_name *name,
			      uint64_t end)
{
	struct verifying *verifying = context;
	char part[PART_NAME_SIZE], text[400];

	part_name_write(name, part);
	snprintf(text, sizeof(text),
		 "agent %.*s: another part of it names another hash of part %s at offset %" PRIu64
		 " than it has",
		 SLICE_ARGUMENTS(agent), part, end);
	tell(verifying, EVIDENCE_DOUBTED, text);
}

static void tell_left_out(void *context, struct slice agent)
{
	char text[400];

	snprintf(text, sizeof(text), "agent %.*s: its parts name more than %u others",
		 SLICE_ARGUMENTS(agent), EVIDENCE_LINKS_MAX);
	tell(context, EVIDENCE_UNCHECKED, text);
}

/* What is missing of one machine. */
struct missing {
	struct verifying *verifying;
	struct slice agent;
	uint64_t count;
};

static void end_missing(const struct missing *missing)
{
	char text[400];

	if (missing->count <= MISSING_TOLD_MAX)
		return;
	snprintf(text, sizeof(text), "%" PRIu64 " more of agent %.*s",
		 missing->count - MISSING_TOLD_MAX, SLICE_ARGUMENTS(missing->agent));
	tell(missing->verifying, EVIDENCE_MISSING, text);
}

static void tell_missing(void *context, struct slice agent, const struct part_name *name,
			 uint64_t end)
{
	struct missing *missing = context;
	char part[PART_NAME_SIZE], text[400];

	if (slice_compare(agent, missing->agent) != 0) {
		end_missing(missing);
		missing->agent = agent;
		missing->count = 0;
	}
	missing->verifying->report->missing++;
	if (++missing->count > MISSING_TOLD_MAX)
		return;
	part_name_write(name, part);
	snprintf(text, sizeof(text), "part %s of agent %.*s up to offset %" PRIu64, part,
		 SLICE_ARGUMENTS(agent), end);
	tell(missing->verifying, EVIDENCE_MISSING, text);
}

void verifying_machines(struct verifying *verifying)
{
	struct missing missing = { .verifying = verifying };

	evidence_chains_contradicted(verifying->chains, tell_contradicted, verifying);
	evidence_chains_left_out(verifying->chains, tell_left_out, verifying);
	verifying->report->doubted = evidence_chains_doubted(verifying->chains);
	if (verifying->report->is_filtered || verifying->report->is_shared)
		return;
	evidence_chains_missing(verifying->chains, tell_missing, &missing);
	end_missing(&missing);
}
