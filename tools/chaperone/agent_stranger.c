/* SPDX-License-Identifier: MIT */
/* Members and strangers: whom an agent serves, told by what the kernel says of who connected. */
#include <unistd.h>

#include "common/clock.h"
#include "tools/chaperone/agent.h"
#include "tools/chaperone/process.h"

#define TREE_DEPTH_MAX 64

/* Whether the process is `tree` or one of its descendants; one that lost its parent went to the
 * supervisor, which is a subreaper. */
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

/* Any user of the machine may reach a socket of root's.  Who connects, hands the descriptor on and
 * ends may see a member get its number, so the number alone is no proof: the process that has it
 * now must run under the user id under which the kernel saw the connection made.  What is left to
 * such a trick is the member's own user. */
static bool is_of_tree(pid_t tree, const struct peer_identity *peer)
{
	SCOPED(process_close) struct process process = PROCESS_NONE;

	return process_open(peer->pid, &process) == 0 && process.effective_uid == peer->uid &&
	       descends(&process, tree);
}

/* The user's entry, a new one in place of the oldest where there is none in force. */
static struct agent_suspect *suspect_of(struct agent *agent, uid_t uid)
{
	struct agent_suspect *oldest = &agent->suspects[0];
	uint64_t now = monotonic_ns();

	for (size_t i = 0; i < COUNT_OF(agent->suspects); i++) {
		struct agent_suspect *suspect = &agent->suspects[i];

		if (suspect->uid == uid && now - suspect->since_ns < AGENT_STRANGER_EVERY_NS)
			return suspect;
		if (suspect->since_ns < oldest->since_ns)
			oldest = suspect;
	}
	*oldest = (struct agent_suspect){ .uid = uid, .since_ns = now };
	return oldest;
}

static bool is_members_user(const struct agent *agent, uid_t uid)
{
	for (const struct agent_process *p = agent->processes; p; p = p->next) {
		if (p->provenance && p->provenance->uid == uid)
			return true;
	}
	return false;
}

/* Looking at a process below many parents takes a millisecond: a user whose strangers come by the
 * hundred must not take the time that members need. */
static bool is_member(struct agent *agent, const struct peer_identity *peer)
{
	struct agent_suspect *suspect = suspect_of(agent, peer->uid);

	if (suspect->looks >= AGENT_LOOKS_MAX && !is_members_user(agent, peer->uid))
		return false;
	bool is_of_run = is_of_tree(agent->settings.tree, peer);
	if (!is_of_run)
		suspect->looks++;
	return is_of_run;
}

bool agent_is_welcome(struct agent *agent, const struct peer_identity *peer)
{
	switch (agent->settings.kind) {
	case AGENT_OF_RUN:
		return is_member(agent, peer);
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
	agent_note(agent, 0, "a stranger was turned away: process %d of user %u", (int)peer->pid,
		   (unsigned)peer->uid);
}

void agent_strangers_end(struct agent *agent)
{
	if (agent->strangers_unnoted)
		agent_note(agent, 0, "%llu more strangers were turned away",
			   (unsigned long long)agent->strangers_unnoted);
	agent->strangers_unnoted = 0;
}
