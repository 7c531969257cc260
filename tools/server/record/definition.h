/* SPDX-License-Identifier: MIT */
/* What the statements of a record refer to: boots, policies, runs, processes, connections and
 * judgements, whole. */
#ifndef TOOLS_SERVER_RECORD_DEFINITION_H
#define TOOLS_SERVER_RECORD_DEFINITION_H

#include "common/record.h"
#include "tools/audit/map.h"
#include "tools/server/store/store.h"

/* `number` has its boot in the upper half; a boot's own is that with 0 below. */
struct definition_key {
	int64_t source;
	enum record_kind kind;
	uint64_t number;
};

/* Keeps the entry; the first one of a key stands. */
must_use int definition_add(struct store *store, const struct definition_key *key,
			    const struct record_entry *entry);

/* Those that were asked for lately.  Zeroed but for its store it is empty. */
struct definitions {
	struct store *store;
	struct audit_map map;
	size_t bytes;
};

/* `ret_entry` is NULL where there is none, and lives until definitions_trim. */
must_use int definitions_find(struct definitions *definitions, const struct definition_key *key,
			      const struct record_entry **ret_entry);

/* Lets them go if they have become too many. */
void definitions_trim(struct definitions *definitions);
void definitions_done(struct definitions *definitions);

#endif
