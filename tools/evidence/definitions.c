/* SPDX-License-Identifier: MIT */
#include "tools/evidence/definitions.h"

#include <errno.h>
#include <stdio.h>

int evidence_definition(struct evidence_file *file, const struct evidence_block *block,
			struct record_lists *lists, struct evidence_definition *ret_definition,
			struct error *error)
{
	struct record_state state = { .time_ns = 0 };
	uint64_t boot;
	struct slice bytes;
	int r = evidence_text(block, "agent", &ret_definition->agent, error);

	if (r == 0)
		r = evidence_number(block, "boot", &boot, error);
	if (r == 0)
		r = evidence_bytes(file, &bytes, error);
	if (r < 0)
		return r;
	struct wire wire = { .rest = bytes };
	bool is_read = record_entry_decode(&wire, &state, lists, &ret_definition->entry);
	if (!is_read || !wire_is_done(&wire) || boot > UINT32_MAX ||
	    ret_definition->entry.kind > RECORD_JUDGEMENT)
		return error_set(error, -EBADMSG, "it is no definition");
	ret_definition->boot = (uint32_t)boot;
	return 0;
}

int evidence_definitions(const char *path, evidence_definition_seen *seen, void *context,
			 struct error *error)
{
	SCOPED(evidence_close) struct evidence_file file = { .stream = NULL };
	struct evidence_definition definition;
	const struct evidence_block *block;
	struct record_lists lists;
	int r = evidence_open(path, &file, error);

	if (r < 0)
		return r;
	while ((r = evidence_next(&file, &block, error)) == 1 && block->kind < EVIDENCE_DELIVERY) {
		if (block->kind != EVIDENCE_DEFINITION)
			continue;
		r = evidence_definition(&file, block, &lists, &definition, error);
		if (r == 0)
			r = seen(context, &definition);
		if (r < 0)
			break;
	}
	if (r == -EBADMSG && error && !error->file[0])
		snprintf(error->file, sizeof(error->file), "%s, block %llu", path,
			 (unsigned long long)file.block.number);
	return r < 0 ? r : 0;
}
