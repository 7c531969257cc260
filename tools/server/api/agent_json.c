/* SPDX-License-Identifier: MIT */
#include "tools/server/api/agent_json.h"

#include "tools/command/json.h"
#include "tools/server/common/moment.h"

static void add_number(struct buf *out, const char *name, const struct store_value *value)
{
	if (value->kind != STORE_NULL)
		json_number(out, name, (uint64_t)value->number);
}

void agent_json_add(struct buf *out, const struct store_value *columns)
{
	json_open(out, NULL, '{');
	json_text(out, "agent", columns[AGENT_ID].bytes);
	json_text(out, "host", columns[AGENT_HOST].bytes);
	json_text(out, "bundle", columns[AGENT_BUNDLE].bytes);
	moment_json_stored(out, "enrolled", &columns[AGENT_ENROLLED]);
	moment_json_stored(out, "revoked", &columns[AGENT_REVOKED]);
	moment_json_stored(out, "seen", &columns[AGENT_SEEN]);
	json_text_if(out, "version", columns[AGENT_VERSION].bytes);
	add_number(out, "policy", &columns[AGENT_POLICY]);
	add_number(out, "spool", &columns[AGENT_SPOOL]);
	json_close(out, '}');
}
