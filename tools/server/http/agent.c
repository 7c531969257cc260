/* SPDX-License-Identifier: MIT */
#include "tools/server/http/agent.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>

#include "common/clock.h"
#include "tools/command/json.h"
#include "tools/server/http/http.h"
#include "tools/server/people/token.h"

static int take(void *context, const struct store_value *columns, size_t count)
{
	struct agent *agent = context;

	(void)count;
	snprintf(agent->id, sizeof(agent->id), "%.*s", SLICE_ARGUMENTS(columns[0].bytes));
	snprintf(agent->bundle, sizeof(agent->bundle), "%.*s", SLICE_ARGUMENTS(columns[1].bytes));
	return 0;
}

int agent_recognise(struct store *store, struct slice authorization, struct agent *ret_agent)
{
	unsigned char digest[SHA256_SIZE];
	struct agent agent = { .id = "" };
	int r = token_digest(authorization, digest);

	if (r < 0)
		return r;
	r = store_run(store,
		      "SELECT id, bundle FROM agent WHERE token_digest = $1 AND revoked IS NULL",
		      STORE_VALUES(store_bytes(digest, sizeof(digest))), take, &agent);
	if (r < 0)
		return r;
	*ret_agent = agent;
	return agent.id[0] ? 0 : -EACCES;
}

/* What a machine says of itself. */
struct agent_state {
	struct store_value version, policy, spool;
};

static void take_number(struct slice text, struct store_value *value)
{
	uint64_t number;

	if (slice_to_u64(text, &number) == 0 && number <= INT64_MAX)
		*value = store_number((int64_t)number);
}

static void take_pair(struct agent_state *state, struct slice name, struct slice value)
{
	if (slice_is(name, "version") && name_is_host(value))
		state->version = store_text(value);
	else if (slice_is(name, "policy"))
		take_number(value, &state->policy);
	else if (slice_is(name, "spool"))
		take_number(value, &state->spool);
}

static struct agent_state read_state(struct slice text)
{
	struct agent_state state = { 0 };

	while (text.at) {
		struct slice value = slice_trim(slice_cut(&text, ';'));
		struct slice name = slice_cut(&value, '=');

		if (value.at)
			take_pair(&state, name, value);
	}
	return state;
}

int agent_see(struct store *store, const struct agent *agent, struct slice text)
{
	struct agent_state state = read_state(text);

	return store_queue(
		store,
		"UPDATE agent SET seen = $1, version = COALESCE($2, version),"
		" policy = COALESCE($3, policy), spool = COALESCE($4, spool) WHERE id = $5",
		STORE_VALUES(store_number((int64_t)realtime_ns()), state.version, state.policy,
			     state.spool, store_text(slice_of(agent->id))));
}

int agent_revoke(struct store *store, struct audit_actor actor, struct slice id)
{
	int r = store_run(store, "UPDATE agent SET revoked = $1 WHERE id = $2 AND revoked IS NULL",
			  STORE_VALUES(store_number((int64_t)realtime_ns()), store_text(id)), NULL,
			  NULL);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	return audit_add(store, actor, (struct audit_deed){ AUDIT_AGENT_REVOKE, id, SLICE("") });
}

int agent_answer(const struct request *request, struct reply *reply)
{
	struct buf *out = reply_object(reply, MHD_HTTP_OK);

	json_text(out, "agent", slice_of(request->agent.id));
	json_text(out, "bundle", slice_of(request->agent.bundle));
	reply_object_end(reply);
	return agent_see(request->store, &request->agent, http_header(request, "Agent-State"));
}
