/* SPDX-License-Identifier: MIT */
/* The machines that are enrolled, as those who ask. */
#ifndef TOOLS_SERVER_HTTP_AGENT_H
#define TOOLS_SERVER_HTTP_AGENT_H

#include "control/name.h"
#include "tools/server/people/audit.h"
#include "tools/server/store/store.h"

#define AGENT_ID_SIZE 16u

struct request;
struct reply;

struct agent {
	char id[2 * AGENT_ID_SIZE + 1]; /* hexadecimal */
	char bundle[NAME_PLAIN_MAX + 1];
};

/* Whose token `authorization` shows ("Bearer BASE64URL", RFC 6750).  -EACCES: nobody's, or that of
 * one that was revoked. */
must_use int agent_recognise(struct store *store, struct slice authorization,
			     struct agent *ret_agent);

/* Writes down what a machine says of itself, in the header Agent-State ("version=0.4; policy=214;
 * spool=0", each of which may be missing), and that it was seen now. */
must_use int agent_see(struct store *store, const struct agent *agent, struct slice state);

/* From now on it is nobody; `actor` is who says so.  For transactions.  -ENOENT: no machine that is enrolled is called that. */
must_use int agent_revoke(struct store *store, struct audit_actor actor, struct slice id);

/* GET /v1/agent: who asks, as the server knows it. */
int agent_answer(const struct request *request, struct reply *reply);

#endif
