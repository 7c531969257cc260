/* SPDX-License-Identifier: MIT */
/* A connection as the gate's own files see it. */
#ifndef SHIM_GATE_CONNECTION_H
#define SHIM_GATE_CONNECTION_H

#include <stddef.h>

#include "common/clock.h"
#include "shim/gate/agent.h"
#include "shim/gate/gate.h"
#include "shim/gate/recent.h"

#define CONNECTION_TEXT_MAX (16 * MIB) /* larger texts are not analysed */

struct gate_connection {
	/* under which the agent knows it; NULL: not yet, or no more */
	const struct attachment *attachment;
	struct message_connected connected; /* its texts point into `answer` */
	struct buf answer;
	struct sha256_hmac_key *keys; /* of masks that hash */
	uint32_t key_count;
	struct buf introduction; /* the body of its CONNECT, for the next agent */
	char client[64];
	/* an agent let something be sent on it, which the next one does not know */
	bool is_used;
	uint32_t open_calls; /* whose outcome an agent wants to be told */
	struct cache cache;
	struct recent recent;
	struct buf text; /* our copy of a text that the cache does not hold */
	struct buf template_key;
	max_align_t state[]; /* the driver's */
};

/* Whether the agent in force knows the connection. */
static inline bool connection_is_known(const struct gate_connection *connection)
{
	return connection->attachment && connection->attachment == agent_current();
}

/* Makes the connection known to the agent in force.  0 or a negative errno. */
must_use int connection_introduce(struct gate_connection *connection, uint64_t until_ns);

/* When waiting for `attachment`'s agent ends, if it begins now. */
uint64_t connection_deadline(const struct attachment *attachment);

/* Whether an error of agent_ask means that the agent has died. */
bool connection_lost_agent(int code);

/* Turns the pass into a refusal raised by `raise`, a static text. */
void pass_refuse(struct gate_pass *pass, const char *raise);

extern const char REFUSAL_NO_RECORD[];

#endif
