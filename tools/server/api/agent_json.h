/* SPDX-License-Identifier: MIT */
/* Machines that are enrolled as lists show them. */
#ifndef TOOLS_SERVER_API_AGENT_JSON_H
#define TOOLS_SERVER_API_AGENT_JSON_H

#include "common/buf.h"
#include "tools/server/store/store.h"

/* What agent_json_add takes, of the table `agent`, and in which order. */
#define AGENT_JSON_COLUMNS "id, host, bundle, enrolled, revoked, seen, version, policy, spool"
enum agent_json_column {
	AGENT_ID,
	AGENT_HOST,
	AGENT_BUNDLE,
	AGENT_ENROLLED,
	AGENT_REVOKED,
	AGENT_SEEN,
	AGENT_VERSION,
	AGENT_POLICY,
	AGENT_SPOOL,
};

/* Adds an object. */
void agent_json_add(struct buf *out, const struct store_value *columns);

#endif
