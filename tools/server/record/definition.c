/* SPDX-License-Identifier: MIT */
#include "tools/server/record/definition.h"

#include <errno.h>

#include "common/record_format.h"
#include "tools/audit/entry.h"

#define KEPT_MAX       16384u
#define KEPT_BYTES_MAX (32 * MIB)

int definition_add(struct store *store, const struct definition_key *key,
		   const struct record_entry *entry)
{
	SCOPED(buf_done) struct buf bytes = BUF_MAX(2 * RECORD_BATCH_MAX);
	struct record_state state = { .time_ns = 0 };

	record_entry_encode(&bytes, &state, entry);
	if (bytes.failed)
		return bytes.failed;
	return store_do(store,
			"INSERT INTO record_definition (source, kind, number, entry)"
			" VALUES ($1, $2, $3, $4) ON CONFLICT (source, kind, number) DO NOTHING",
			STORE_VALUES(store_number(key->source), store_number(key->kind),
				     store_number((int64_t)key->number),
				     store_bytes(bytes.at, bytes.length)));
}

struct finding {
	struct record_entry *entry;
	size_t length;
};

static int take_entry(void *context, const struct store_value *columns, size_t count)
{
	struct finding *finding = context;
	struct wire wire = { .rest = columns[0].bytes };
	struct record_state state = { .time_ns = 0 };
	struct record_lists lists;
	struct record_entry entry;

	(void)count;
	if (!record_entry_decode(&wire, &state, &lists, &entry))
		return -EUCLEAN;
	finding->length = columns[0].bytes.length;
	finding->entry = audit_entry_copy(&entry);
	return finding->entry ? 0 : -ENOMEM;
}

static int load(struct definitions *definitions, const struct definition_key *key,
		const struct audit_key *place, const struct record_entry **ret_entry)
{
	struct finding finding = { .entry = NULL };
	int r = store_run(definitions->store,
			  "SELECT entry FROM record_definition"
			  " WHERE source = $1 AND kind = $2 AND number = $3",
			  STORE_VALUES(store_number(key->source), store_number(key->kind),
				       store_number((int64_t)key->number)),
			  take_entry, &finding);

	if (r == 0 && finding.entry)
		r = audit_map_put(&definitions->map, place, finding.entry);
	if (r < 0) {
		free(finding.entry);
		return r;
	}
	definitions->bytes += finding.length;
	*ret_entry = finding.entry;
	return 0;
}

int definitions_find(struct definitions *definitions, const struct definition_key *key,
		     const struct record_entry **ret_entry)
{
	const struct audit_key place = { (uint64_t)key->source, key->kind, key->number, 0 };
	const struct record_entry *known = audit_map_get(&definitions->map, &place);

	if (!known)
		return load(definitions, key, &place, ret_entry);
	*ret_entry = known;
	return 0;
}

void definitions_trim(struct definitions *definitions)
{
	if (definitions->map.count > KEPT_MAX || definitions->bytes > KEPT_BYTES_MAX)
		definitions_done(definitions);
}

void definitions_done(struct definitions *definitions)
{
	audit_map_done(&definitions->map);
	definitions->bytes = 0;
}
