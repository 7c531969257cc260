/* SPDX-License-Identifier: MIT */
/* Members and strangers: whom an agent serves, told by what the kernel says of who connected. */
#include <unistd.h>

#include "common/clock.h"
#include "tools/chaperone/agent.h"
#include "tools/chaperone/process.h"

#define TREE_DEPTH_MAX 64

/* Whether the process is `tree` or one of its descendants; one that lost its parent went to the supervisor, which is a
 * subreaper. */
static bool descends(struct process *process, pid_t tree)
{
	for (int depth = 0; depth < TREE_DEPTH_MAX && process->pid != tree; depth++) {
		struct process parent;

		if (process_open_parent(process, &parent) < 0)
			return false;
		process_close(process);
		*process = parent;
	}
	return process->pid == tree;
}

/* Any user of the machine may reach a socket of root's.  Who connects, hands the descriptor on and ends may see a member
 * get its number, so the number alone is no proof: the process that has it now must run under the user id under which the
 * kernel saw the connection made.  What is left to such a trick is the member's own user. */
static bool is_of_tree(pid_t tree, const struct peer_identity *peer)
{
	SCOPED(process_close) struct process process = PROCESS_NONE;

	return process_open(peer->pid, &process) == 0 && process.effective_uid == peer->uid &&
	       descends(&process, tree);
}

bool agent_is_welcome(const struct agent *agent, const struct peer_identity *peer)
{
	switch (agent->settings.kind) {
	case AGENT_OF_RUN:
		return is_of_tree(agent->settings.tree, peer);
	case AGENT_OF_USER:
		return peer->uid == geteuid();
	case AGENT_OF_MACHINE:
		return true;
	}
	return false;
}

void agent_turn_away(struct agent *agent, const struct peer_identity *peer)
{
	uint64_t now = monotonic_ns();

	/* A flood of them must not fill the record. */
	if (agent->stranger_noted_ns && now - agent->stranger_noted_ns < AGENT_STRANGER_EVERY_NS) {
		agent->strangers_unnoted++;
		return;
	}
	agent_strangers_end(agent);
	agent->stranger_noted_ns = now;
	agent_note(agent, 0, "a stranger was turned away: process %d of user %u", (int)peer->pid, (unsigned)peer->uid);
}

void agent_strangers_end(struct agent *agent)
{
	if (agent->strangers_unnoted)
		agent_note(agent, 0, "%llu more strangers were turned away",
			   (unsigned long long)agent->strangers_unnoted);
	agent->strangers_unnoted = 0;
}
