/* SPDX-License-Identifier: MIT */
/* How a machine does, by when it was seen last. */
#ifndef TOOLS_SERVER_PAGES_AGENT_STATE_H
#define TOOLS_SERVER_PAGES_AGENT_STATE_H

#include "common/clock.h"

/* Machines ask for their policy at least twice a minute. */
#define AGENT_SILENT_NS (5 * 60 * SECOND_NS)

enum agent_state { AGENT_HERE, AGENT_SILENT, AGENT_NEW, AGENT_REVOKED };

static inline enum agent_state agent_state_of(int64_t seen_ns, int64_t revoked_ns, int64_t now_ns)
{
	if (revoked_ns)
		return AGENT_REVOKED;
	if (!seen_ns)
		return AGENT_NEW;
	return now_ns - seen_ns > (int64_t)AGENT_SILENT_NS ? AGENT_SILENT : AGENT_HERE;
}

static inline const char *agent_state_word(enum agent_state state)
{
	static const char *const WORDS[] = { [AGENT_HERE] = "here",
					     [AGENT_SILENT] = "silent",
					     [AGENT_NEW] = "not seen yet",
					     [AGENT_REVOKED] = "revoked" };

	return WORDS[state];
}

static inline const char *agent_state_class(enum agent_state state)
{
	static const char *const CLASSES[] = { [AGENT_HERE] = "good",
					       [AGENT_SILENT] = "bad",
					       [AGENT_NEW] = "plain",
					       [AGENT_REVOKED] = "plain" };

	return CLASSES[state];
}

#endif
