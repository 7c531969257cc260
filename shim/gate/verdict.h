/* SPDX-License-Identifier: MIT */
/* A verdict as the shim keeps it: the agent's answer with its texts, counted because the cache and
 * calls in flight share it.  Belongs to one connection, so counts need no atomics. */
#ifndef SHIM_GATE_VERDICT_H
#define SHIM_GATE_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/message.h"
#include "policy/core/plan.h"

struct verdict {
	uint32_t references;
	bool is_allowed;
	uint32_t flags; /* enum message_verdict_flag */
	uint32_t generation;
	uint64_t context;
	uint64_t judgement;
	uint64_t call; /* the agent's number, when its outcome is to be told */
	uint64_t valid_until_ns;
	const struct plan *plan; /* NULL: results pass as they are */
	const char *instead;     /* the SQL that raises the refusal; NULL when allowed */
};

/* Copies a message.  NULL when there is no memory or the plan is malformed: then the statement is
 * refused. */
struct verdict *verdict_new(const struct message_verdict *message);

struct verdict *verdict_ref(struct verdict *verdict);
void verdict_unref(struct verdict *verdict); /* accepts NULL */

/* Whether the agent wants to be told what became of the statement.  Accepts NULL. */
static inline bool verdict_reports_outcome(const struct verdict *verdict)
{
	return verdict && (verdict->flags & VERDICT_REPORTS_OUTCOME);
}

/* Whether a cached verdict still counts at `now_ns`, under the context and policy generation in
 * force. */
bool verdict_holds(const struct verdict *verdict, uint64_t context, uint32_t generation,
		   uint64_t now_ns);

#endif
