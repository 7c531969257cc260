/* SPDX-License-Identifier: MIT */
#include "tools/server/agent_json.h"

#include "tools/command/json.h"
#include "tools/server/listing.h"

enum column { ID, HOST, BUNDLE, ENROLLED, REVOKED, SEEN, VERSION, POLICY, SPOOL };

static void add_number(struct buf *out, const char *name, const struct store_value *value)
{
	if (value->kind != STORE_NULL)
		json_number(out, name, (uint64_t)value->number);
}

void agent_json_add(struct buf *out, const struct store_value *columns)
{
	json_open(out, NULL, '{');
	json_text(out, "agent", columns[ID].bytes);
	json_text(out, "host", columns[HOST].bytes);
	json_text(out, "bundle", columns[BUNDLE].bytes);
	listing_add_time(out, "enrolled", &columns[ENROLLED]);
	listing_add_time(out, "revoked", &columns[REVOKED]);
	listing_add_time(out, "seen", &columns[SEEN]);
	json_text_if(out, "version", columns[VERSION].bytes);
	add_number(out, "policy", &columns[POLICY]);
	add_number(out, "spool", &columns[SPOOL]);
	json_close(out, '}');
}
