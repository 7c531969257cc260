/* SPDX-License-Identifier: MIT */
/* Verdicts: one allocation each, header first, then the plan, then the text. */
#include "shim/gate/verdict.h"

#include <stdlib.h>
#include <string.h>

struct verdict *verdict_new(const struct message_verdict *message)
{
	size_t plan_room = (message->plan.length + 7) & ~(size_t)7;
	struct verdict *verdict =
		malloc(sizeof(*verdict) + plan_room + message->instead.length + 1);

	if (!verdict)
		return NULL;
	char *plan = (char *)(verdict + 1), *instead = plan + plan_room;
	*verdict = (struct verdict){
		.references = 1,
		.is_allowed = message->decision == VERDICT_ALLOW,
		.flags = message->flags,
		.generation = message->generation,
		.context = message->context,
		.judgement = message->judgement,
		.call = message->call,
		.valid_until_ns = message->valid_until_ns,
	};
	if (message->plan.length > 0) {
		memcpy(plan, message->plan.at, message->plan.length);
		verdict->plan = plan_read((struct slice){ plan, message->plan.length });
		if (!verdict->plan) {
			free(verdict);
			return NULL;
		}
	}
	if (message->instead.length > 0)
		memcpy(instead, message->instead.at, message->instead.length);
	instead[message->instead.length] = '\0';
	verdict->instead = verdict->is_allowed ? NULL : instead;
	return verdict;
}

struct verdict *verdict_ref(struct verdict *verdict)
{
	verdict->references++;
	return verdict;
}

void verdict_unref(struct verdict *verdict)
{
	if (verdict && --verdict->references == 0)
		free(verdict);
}

bool verdict_holds(const struct verdict *verdict, uint64_t context, uint32_t generation,
		   uint64_t now_ns)
{
	return context != 0 && verdict->context == context && verdict->generation == generation &&
	       now_ns < verdict->valid_until_ns;
}
