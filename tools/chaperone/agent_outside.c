/* SPDX-License-Identifier: MIT */
/* What programs are about to do past the library: decided, and put on the record. */
#include <string.h>

#include "common/cleanup.h"
#include "common/sha256.h"
#include "tools/chaperone/agent.h"

#define TEXT_SHOWN_MAX 300

static const struct {
	const char *what;
	bool is_harmless;      /* as far as this version can help it: it is named, not refused */
	bool passes_when_open; /* under a policy that allows everything */
} KINDS[] = {
	[OUTSIDE_CONNECTION] = { "a connection to a database by a client that is not governed:",
				 false, false },
	[OUTSIDE_OTHER_USER] = { "a program that changes its user or has capabilities:", false,
				 true },
	[OUTSIDE_STATIC] = { "a static program, or one of another machine:", true, true },
	[OUTSIDE_UNKNOWN] = { "a program in a folder that cannot be known beforehand:", false,
			      true },
};

bool agent_stops_outside(const struct agent *agent)
{
	return !agent->is_off && !agent->policy->is_trial && !agent->settings.is_trial &&
	       !agent->settings.lets_ungoverned;
}

static enum message_permit decide(const struct agent *agent, enum message_outside_kind kind)
{
	if (KINDS[kind].is_harmless || (KINDS[kind].passes_when_open && agent->allows_everything))
		return PERMIT_PASS;
	if (agent->is_full) /* what cannot be recorded does not happen */
		return PERMIT_REFUSE;
	return agent_stops_outside(agent) ? PERMIT_REFUSE : PERMIT_WARN;
}

/* Programs that are started again and again are named once.  The digest's first bytes do: who makes
 * two paths alike hides one of his own programs that nobody refuses. */
static bool was_named(struct agent *agent, struct slice text)
{
	unsigned char digest[SHA256_SIZE];
	struct sha256 hash;
	uint64_t key;

	sha256_init(&hash);
	sha256_add(&hash, text.at, text.length);
	sha256_end(&hash, digest);
	memcpy(&key, digest, sizeof(key));
	for (size_t i = 0; i < AGENT_NAMED_MAX; i++) {
		if (agent->named[i] == key)
			return true;
	}
	agent->named[agent->named_next++ % AGENT_NAMED_MAX] = key;
	return false;
}

enum message_permit agent_outside(struct agent *agent, const struct peer_identity *peer,
				  const struct message_outside *outside)
{
	if (outside->kind == 0 || outside->kind >= COUNT_OF(KINDS))
		return PERMIT_REFUSE;
	enum message_permit permit = decide(agent, outside->kind);
	struct slice text = slice_part(outside->text, 0, TEXT_SHOWN_MAX);

	if (KINDS[outside->kind].is_harmless && was_named(agent, text))
		return permit;
	agent_note(agent, agent_process_mention(agent, peer), "%s: %s %.*s",
		   permit == PERMIT_REFUSE ? "refused" : "NOT GOVERNED", KINDS[outside->kind].what,
		   SLICE_ARGUMENTS(text));
	return permit;
}
