/* SPDX-License-Identifier: MIT */
/* What a process wrote into its ring goes on the record, unless it speaks for another process. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "tools/chaperone/agent.h"

#define SLOTS_AT_ONCE 512

static void count_slot(struct agent_counts *counts, const struct ring_slot *slot)
{
	if (slot->kind == RING_INTENT) {
		counts->statements++;
		counts->refused += (slot->flags & RING_REFUSED) != 0;
	} else if (slot->kind == RING_OUTCOME) {
		counts->masked_cells += slot->outcome.masked_cells;
	}
}

/* Of what an earlier agent's process opened only the record knows. */
static bool is_own(const struct agent_process *process, uint64_t connection)
{
	return !process->control || issued_has(&process->connections, connection);
}

/* False when the record took nothing: the slot is to be read again. */
static bool record_slot(struct agent *agent, struct agent_process *process,
			const struct ring_slot *slot)
{
	struct record_entry entry = {
		.kind = slot->kind == RING_INTENT    ? RECORD_INTENT
			: slot->kind == RING_OUTCOME ? RECORD_OUTCOME
						     : RECORD_LOST,
		.number = slot->kind == RING_INTENT ? atomic_load(&slot->sequence)
						    : slot->outcome.intent,
		.parent = slot->connection,
		.time_ns = slot->time_ns,
		.judgement = slot->kind == RING_INTENT ? slot->intent.judgement : 0,
	};

	if (!is_own(process, slot->connection)) {
		process->forged++;
		return true;
	}
	memcpy(&entry.slot, slot, sizeof(entry.slot));
	if (agent_record(agent, &entry) < 0)
		return false;
	open_intents_take(&process->open, slot);
	if (agent->settings.counts)
		count_slot(agent->settings.counts, slot);
	return true;
}

/* Records the slots read; on a refusal of the record the reader goes back to the first that was not
 * taken. */
static uint64_t record_slots(struct agent *agent, struct agent_process *process,
			     const struct ring_slot *slots, int count)
{
	for (int i = 0; i < count; i++) {
		if (!record_slot(agent, process, &slots[i])) {
			process->reader.next = atomic_load(&slots[i].sequence) - 1;
			return (uint64_t)i;
		}
	}
	return count > 0 ? (uint64_t)count : 0;
}

/* What the ring itself is to blame for; another error may be over at the next look. */
static bool is_about_ring(int code)
{
	return code == -ENOENT || code == -ENODATA || code == -EBADMSG;
}

/* A ring without a name is still written and read; what cannot be read any more is closed, and its
 * process gets no verdict from then on. */
static void take_trouble(struct agent *agent, struct agent_process *process, int code)
{
	bool is_known = code == -ENOENT ? process->is_nameless : process->is_unread;

	if (!is_known)
		agent_note(agent, process->number, "its ring cannot be read: %s", strerror(-code));
	process->is_nameless = process->is_nameless || code == -ENOENT;
	process->is_unread = !is_about_ring(code);
	if (code == -ENOENT || process->is_unread)
		return;
	close(process->reader.fd);
	process->reader.fd = -1;
}

uint64_t agent_ring_drain(struct agent *agent, struct agent_process *process)
{
	struct ring_slot slots[SLOTS_AT_ONCE];
	uint64_t moved = 0, skipped = process->reader.skipped, forged = process->forged;
	uint64_t patience_ns = process->is_ended ? 0 : AGENT_TORN_NS;

	while (process->reader.fd >= 0 && !agent->is_full) {
		int count = ring_read(&process->reader, monotonic_ns(), patience_ns, slots,
				      SLOTS_AT_ONCE);

		moved += record_slots(agent, process, slots, count);
		if (count < 0)
			take_trouble(agent, process, count);
		else
			process->is_unread = false;
		if (count < SLOTS_AT_ONCE)
			break;
	}
	if (process->reader.skipped != skipped)
		agent_note(agent, process->number,
			   "%llu slots of its ring were torn or overwritten",
			   (unsigned long long)(process->reader.skipped - skipped));
	if (process->forged != forged)
		agent_note(agent, process->number,
			   "%llu slots of its ring named a connection that is not its own, and "
			   "were left out",
			   (unsigned long long)(process->forged - forged));
	return moved;
}
