/* SPDX-License-Identifier: MIT */
#include "tools/chaperone/agent_spool.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/record_gap.h"
#include "tools/chaperone/agent.h"
#include "tools/chaperone/denial.h"
#include "tools/chaperone/spool.h"

static const struct denial NO_DISK = {
	.reason = REASON_UNKNOWN,
	.sqlstate = "42501",
	.what = "it cannot be recorded",
	.why = "The record cannot be written.",
	.hint = "Make room where the record is kept; chaperone doctor says where.",
};

static const struct denial NO_SERVER = {
	.reason = REASON_UNKNOWN,
	.sqlstate = "42501",
	.what = "it cannot be recorded",
	.why = "As much of the record as may waits for the server, which does not take it.",
	.hint = "`chaperone status` says why the server is not reached; once it is, the record goes there "
		"by itself.  `chaperone doctor` says how much waits.",
};

static bool goes_on(const struct agent *agent)
{
	return agent->policy->when_full == WHEN_FULL_ALLOW;
}

bool agent_spool_holds(const struct agent *agent)
{
	return agent->is_full ||
	       (agent->spool.is_over && !goes_on(agent) && !agent->policy->is_trial);
}

bool agent_spool_refuses(const struct agent *agent, const struct judgement *judgement)
{
	if (!agent_spool_holds(agent) || goes_on(agent))
		return false;
	return judgement->writes || agent->policy->when_full == WHEN_FULL_DENY;
}

const struct denial *agent_spool_denial(const struct agent *agent)
{
	return agent->spool.is_over && !agent->is_full ? &NO_SERVER : &NO_DISK;
}

static void publish(struct agent *agent)
{
	for (const struct agent_connection *c = agent->connections; c; c = c->next)
		agent_connection_publish(agent, c);
}

/* An eighth below the bound it is over, so that it is not said with each delivery. */
static void take_depth(struct agent *agent, uint64_t waiting)
{
	uint64_t bound = spool_bound(agent->policy);
	bool is_over = waiting >= (agent->spool.is_over ? bound - bound / 8 : bound);

	agent->spool.waiting = waiting;
	if (is_over == agent->spool.is_over)
		return;
	agent->spool.is_over = is_over;
	agent_note(agent, agent->policy_number,
		   is_over ? "the record is full: %llu bytes wait for the server, of %llu that may"
			   : "the record has room again: %llu bytes wait for the server, of %llu "
			     "that may",
		   (unsigned long long)waiting, (unsigned long long)bound);
	publish(agent);
}

/* Said before it is done: on the disk, or where the agent keeps what the disk refuses. */
static int say(struct agent *agent, const struct record_gap *gap)
{
	char text[RECORD_GAP_SIZE];

	record_gap_write(gap, text);
	const struct record_entry note = { .kind = RECORD_NOTE,
					   .parent = agent->policy_number,
					   .time_ns = realtime_ns(),
					   .shape = slice_of(text) };
	int r = agent_record(agent, &note);
	if (r < 0)
		return r;
	r = agent_flush(agent);
	if (r == 0)
		return record_sync(agent->record);
	return agent->unkept;
}

static int let_go(struct agent *agent, struct spool *spool, struct deliver_part *part)
{
	SCOPED(close_p) int fd = -1;
	int r = spool_claim(spool, part, &fd);

	if (r == 0)
		r = deliver_part_count(spool->folder, part);
	if (r < 0)
		return r;
	const struct record_gap gap = { part->name.boot, part->name.part, part->position,
					part->size, part->entries };
	r = say(agent, &gap);
	if (r == 0 && unlinkat(spool->folder, part->file, 0) < 0)
		r = -errno;
	if (r < 0)
		return r;
	spool->waiting -= spool_waiting(part);
	part->size = part->position = 0;
	return 0;
}

/* A boot goes as a whole, but for what the server has of it anyway; where the disk is full, with that. */
static bool let_boot_go(struct agent *agent, struct spool *spool, uint32_t boot, bool frees_all)
{
	bool is_gone = false;

	for (size_t i = 0; i < spool->parts.count; i++) {
		struct deliver_part *part = &spool->parts.at[i];

		if (part->name.boot != boot || part->size == 0 ||
		    (!frees_all && spool_waiting(part) == 0))
			continue;
		if (let_go(agent, spool, part) < 0)
			break;
		is_gone = true;
	}
	return is_gone;
}

/* The oldest boot that can go.  False when none can. */
static bool let_oldest_go(struct agent *agent, struct spool *spool, bool frees_all)
{
	uint32_t own = (uint32_t)record_boot(agent->record);

	for (size_t i = 0; i < spool->parts.count; i++) {
		const struct deliver_part *part = &spool->parts.at[i];

		if (part->name.boot == own || part->size == 0 ||
		    (!frees_all && spool_waiting(part) == 0))
			continue;
		if (let_boot_go(agent, spool, part->name.boot, frees_all))
			return true;
	}
	return false;
}

static bool is_disk_full(struct agent *agent)
{
	int r = agent->is_full ? agent_flush(agent) : 0;

	return r == -ENOSPC || r == -EDQUOT;
}

/* A boot that is written cannot go.  Before it holds more than half of what may wait it is ended, and goes
 * on as another one. */
static void end_large_boot(struct agent *agent, const struct spool *spool)
{
	uint32_t own = (uint32_t)record_boot(agent->record);
	uint64_t waiting = 0;

	for (size_t i = 0; i < spool->parts.count; i++) {
		if (spool->parts.at[i].name.boot == own)
			waiting += spool_waiting(&spool->parts.at[i]);
	}
	if (waiting <= spool_bound(agent->policy) / 2 || agent->is_outdated)
		return;
	agent_note(agent, agent->policy_number,
		   "the record goes on in another boot: the server has %llu bytes of this one not",
		   (unsigned long long)waiting);
	agent->is_outdated = true;
	event_base_loopbreak(agent->loop);
}

static void make_room(struct agent *agent, struct spool *spool)
{
	while (is_disk_full(agent) && let_oldest_go(agent, spool, true))
		continue;
	if (!agent->settings.server_folder)
		return;
	while (spool->waiting >= spool_bound(agent->policy) && let_oldest_go(agent, spool, false))
		continue;
	end_large_boot(agent, spool);
}

/* Nothing of this agent's has come, and none of it can have gone that is not there to be seen later. */
static bool is_idle(const struct agent *agent)
{
	unsigned char head[SHA256_SIZE];

	record_head(agent->record, head);
	return !agent->is_full && !agent->spool.is_over &&
	       memcmp(head, agent->spool.head, SHA256_SIZE) == 0;
}

static void look(evutil_socket_t none, short what, void *context)
{
	(void)none;
	(void)what;
	agent_spool_look(context);
}

void agent_spool_look_soon(struct agent *agent)
{
	const struct timeval at_once = { 0, 0 };

	/* where it cannot be asked for, the next look comes by itself */
	if (agent->loop && goes_on(agent))
		(void)event_base_once(agent->loop, -1, EV_TIMEOUT, look, agent, &at_once);
}

void agent_spool_look(struct agent *agent)
{
	SCOPED(spool_done) struct spool spool = SPOOL_NONE;

	if ((!agent->settings.server_folder && !(goes_on(agent) && agent->is_full)) ||
	    is_idle(agent) || spool_look(agent->settings.record_folder, &spool) < 0)
		return;
	if (goes_on(agent))
		make_room(agent, &spool);
	if (agent->settings.server_folder)
		take_depth(agent, spool.waiting);
	record_head(agent->record, agent->spool.head);
}
