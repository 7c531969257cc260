/* SPDX-License-Identifier: MIT */
/* What statements refer to that are in an export, where the batches that define it are gone: by the word of
 * the server that made the export. */
#ifndef TOOLS_EVIDENCE_DEFINITIONS_H
#define TOOLS_EVIDENCE_DEFINITIONS_H

#include "common/record_format.h"
#include "tools/evidence/block.h"

struct evidence_definition {
	struct slice agent;
	uint32_t boot;
	struct record_entry entry;
};

/* Sees one, borrowed.  0 or a negative errno, which ends the reading. */
typedef int evidence_definition_seen(void *context, const struct evidence_definition *definition);

/* Reads the block; what `ret_definition` points to lives as long as its bytes, and in `lists`.  -EBADMSG. */
must_use int evidence_definition(struct evidence_file *file, const struct evidence_block *block,
				 struct record_lists *lists,
				 struct evidence_definition *ret_definition, struct error *error);

/* Reads all of an export.  As evidence_pieces. */
must_use int evidence_definitions(const char *path, evidence_definition_seen *seen, void *context,
				  struct error *error);

#endif
