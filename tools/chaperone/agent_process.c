/* SPDX-License-Identifier: MIT */
/* Governed processes: their rings, their leases, their ends. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "common/clock.h"
#include "common/file.h"
#include "tools/chaperone/agent.h"
#include "tools/chaperone/process.h"

#define LAST_LOOKS 3 /* at a ring that cannot be read when an agent ends */

struct agent_process *agent_process_find(struct agent *agent, uint64_t number)
{
	for (struct agent_process *p = agent->processes; p; p = p->next) {
		if (p->number == number)
			return p;
	}
	return NULL;
}

static bool is_alive(const struct agent_process *process)
{
	if (process->pidfd >= 0)
		return syscall(SYS_pidfd_send_signal, process->pidfd, 0, NULL, 0) == 0 ||
		       errno != ESRCH;
	return process->pid > 0 && (kill(process->pid, 0) == 0 || errno != ESRCH);
}

bool agent_process_is_as_told(const struct agent_process *process)
{
	const struct provenance *told = process->provenance; /* NULL for an orphan */
	SCOPED(process_close) struct process now = PROCESS_NONE;

	return told && process_open(process->pid, &now) == 0 &&
	       now.start_ticks == told->start_ticks && now.uid == told->uid;
}

static void process_free(struct agent_process *process)
{
	close_p(&process->pidfd);
	close_p(&process->reader.fd);
	ring_control_free(process->control);
	provenance_free(process->provenance);
	open_intents_done(&process->open);
	issued_done(&process->connections);
	free(process);
}

/* Writes the digest of a result as hex, or why there is none. */
static void write_hash(const struct exe_hash_result *result, struct buf *out)
{
	if (result->code == 0)
		buf_add_hex(out, result->digest, sizeof(result->digest));
	else
		buf_printf(out, "unknown: %s", strerror(-result->code));
}

static void note_hash(struct agent *agent, const struct exe_hash_result *result)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(256);

	write_hash(result, &text);
	agent_note(agent, result->number, "exe_sha256 of the process: %s", buf_text(&text));
}

void agent_processes_hashed(struct agent *agent)
{
	struct exe_hash_result result;

	while (exe_hasher_next(agent->hasher, &result) > 0)
		note_hash(agent, &result);
}

/* Asks for the hash of the process's executable and waits a moment for it; what comes later becomes
 * a note. */
static void find_hash(struct agent *agent, const struct agent_process *process, struct buf *out)
{
	struct pollfd poller = { agent->hasher ? exe_hasher_fd(agent->hasher) : -1, POLLIN, 0 };
	struct exe_hash_result result;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)process->pid);
	if (!agent->hasher || exe_hasher_ask(agent->hasher, path, process->number) < 0)
		return;
	while (poll(&poller, 1, AGENT_HASH_PATIENCE_MS) > 0 &&
	       exe_hasher_next(agent->hasher, &result) > 0) {
		if (result.number == process->number) {
			write_hash(&result, out);
			return;
		}
		note_hash(agent, &result);
	}
}

static void record_process(struct agent *agent, const struct agent_process *process,
			   struct slice client)
{
	const struct fact_list *list = &process->provenance->list;
	SCOPED(buf_done) struct buf hash = BUF_MAX(256);
	struct record_fact facts[RECORD_FACTS_MAX + 2];
	size_t count = list->count;

	find_hash(agent, process, &hash);
	memcpy(facts, list->facts, count * sizeof(facts[0]));
	facts[count++] =
		(struct record_fact){ SLICE("exe_sha256"), buf_view(&hash), RECORD_OBSERVED };
	facts[count++] = (struct record_fact){ SLICE("client"), client, RECORD_OBSERVED };
	count = agent_facts_told(facts, count);
	if (count > RECORD_FACTS_MAX)
		count = RECORD_FACTS_MAX;
	struct record_entry entry = { .kind = RECORD_PROCESS,
				      .number = process->number,
				      .parent = agent->run_number,
				      .time_ns = realtime_ns(),
				      .facts = facts,
				      .fact_count = count };
	agent_record(agent, &entry);
}

static int make_ring(struct agent *agent, struct agent_process *process, struct packet *answer)
{
	int r;

	snprintf(process->ring_name, sizeof(process->ring_name), "ring-%d-%llx", (int)process->pid,
		 (unsigned long long)process->number);
	r = ring_create(agent->run_folder, process->ring_name, (uint32_t)process->pid,
			process->provenance->start_ticks, &process->reader.fd,
			&answer->descriptors[1], &process->control);
	if (r < 0)
		return r;
	answer->descriptors[0] = fcntl(process->reader.fd, F_DUPFD_CLOEXEC, 0);
	return answer->descriptors[0] < 0 ? -errno : 0;
}

static int write_welcome(const struct agent *agent, const struct agent_process *process,
			 struct packet *answer)
{
	struct message_welcome welcome = {
		.protocol = MESSAGE_PROTOCOL,
		.process = process->number,
		.flags = agent->allows_everything ? WELCOME_ALLOWS_EVERYTHING : 0,
		.deadline_ms = AGENT_SHIM_DEADLINE_MS,
	};

	answer->kind = MESSAGE_WELCOME;
	buf_clear(&answer->body);
	message_welcome_write(&answer->body, &welcome);
	return answer->body.failed;
}

static void lease(const struct agent *agent, struct agent_process *process)
{
	if (!process->control || process->reader.fd < 0)
		return;
	atomic_store(&process->control->generation, agent->settings.generation);
	atomic_store(&process->control->lease_until_ns, monotonic_ns() + AGENT_LEASE_NS);
}

static bool has_room(const struct agent *agent)
{
	size_t count = 0;

	for (const struct agent_process *p = agent->processes; p; p = p->next)
		count++;
	return count < AGENT_PROCESSES_MAX;
}

int agent_process_welcome(struct agent *agent, const struct peer_identity *peer,
			  const struct message_hello *hello, struct packet *answer)
{
	if (agent->settings.is_current &&
	    !agent->settings.is_current(agent->settings.current_context)) {
		agent_note(
			agent, 0,
			"the policy has changed: another agent takes the processes that come now");
		agent_retire(agent);
		return -ESTALE;
	}
	struct agent_process *process = has_room(agent) ? calloc(1, sizeof(*process)) : NULL;

	if (!process)
		return -ENOMEM;
	process->pidfd = process->reader.fd = -1;
	process->number = agent_number(agent);
	process->pid = peer->pid; /* what the kernel says, not what the hello says */
	process->pidfd = (int)syscall(SYS_pidfd_open, peer->pid, 0);
	int r = provenance_read(peer->pid, &process->provenance);
	if (r == 0)
		r = agent_keep_place(agent);
	if (r == 0)
		r = make_ring(agent, process, answer);
	if (r == 0)
		r = write_welcome(agent, process, answer);
	if (r < 0) {
		process_free(process);
		return r;
	}
	record_process(agent, process, hello->client);
	lease(agent, process);
	process->next = agent->processes;
	agent->processes = process;
	return 0;
}

void agent_processes_lease(struct agent *agent)
{
	for (struct agent_process *p = agent->processes; p; p = p->next)
		lease(agent, p);
}

uint64_t agent_process_mention(struct agent *agent, const struct peer_identity *peer)
{
	struct agent_process process = { .number = agent_number(agent), .pid = peer->pid };

	if (provenance_read(peer->pid, &process.provenance) < 0)
		return agent->run_number;
	record_process(agent, &process, (struct slice){ NULL, 0 });
	provenance_free(process.provenance);
	return process.number;
}

/* Only what stands on the record may be written again. */
static void release(struct agent *agent)
{
	for (struct agent_process *p = agent->processes; p; p = p->next) {
		if (p->control)
			atomic_store(&p->control->consumed, p->reader.next);
	}
}

/* The process is gone and its ring empty: what is still open stays so. */
static void record_lost(struct agent *agent, const struct agent_process *process)
{
	for (size_t i = 0; i < process->open.count; i++) {
		struct record_entry entry = { .kind = RECORD_LOST,
					      .number = process->open.at[i].sequence,
					      .parent = process->open.at[i].connection,
					      .time_ns = realtime_ns() };

		agent_record(agent, &entry);
	}
}

static void end_process(struct agent *agent, struct agent_process *process)
{
	record_lost(agent, process);
	for (struct agent_connection *c = agent->connections, *next; c; c = next) {
		next = c->next;
		if (c->process == process)
			agent_connection_close(agent, c->number);
	}
	struct record_entry entry = { .kind = RECORD_CLOSED,
				      .parent = process->number,
				      .time_ns = realtime_ns() };
	agent_record(agent, &entry);
	if (!process->is_kept)
		unlinkat(agent->run_folder, process->ring_name, 0);
}

/* Processes that are gone and whose rings are empty leave the list. */
static void reap(struct agent *agent)
{
	for (struct agent_process **at = &agent->processes; *at;) {
		struct agent_process *process = *at;

		if (!process->is_ended || process->is_unread || agent->is_full) {
			/* drained once more before it goes */
			process->is_ended = !is_alive(process);
			at = &process->next;
			continue;
		}
		end_process(agent, process);
		*at = process->next;
		process_free(process);
	}
}

uint64_t agent_processes_drain(struct agent *agent)
{
	uint64_t moved = 0;

	for (struct agent_process *p = agent->processes; p; p = p->next)
		moved += agent_ring_drain(agent, p);
	agent_flush(agent);
	if (!agent->is_full)
		release(agent);
	reap(agent);
	return moved;
}

/* "ring-PID-NUMBER" */
uint64_t agent_ring_number(const char *name)
{
	const char *dash = strrchr(name, '-');

	return dash ? strtoull(dash + 1, NULL, 16) : 0;
}

struct agent_process *agent_process_adopt(struct agent *agent, const char *name)
{
	struct agent_process *process = calloc(1, sizeof(*process));
	bool is_known;
	uint32_t pid;
	uint64_t start;

	if (!process)
		return NULL;
	process->pidfd = process->reader.fd = -1;
	if (ring_open_orphan(agent->run_folder, name, &process->reader, &pid, &start) < 0) {
		agent_note(agent, 0, "%.40s is not a ring and was left alone", name);
		process_free(process);
		return NULL;
	}
	snprintf(process->ring_name, sizeof(process->ring_name), "%.60s", name);
	process->number = agent_ring_number(name);
	process->pid = (pid_t)pid;
	process->pidfd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
	process->adopted_ns = monotonic_ns();
	uint64_t recorded = agent_orphan_recorded(agent, process->number, &is_known);
	if (recorded > process->reader.next)
		process->reader.next = recorded;
	process->next = agent->processes;
	agent->processes = process;
	agent_note(agent, process->number,
		   "the ring of process %u was taken up from an earlier agent", pid);
	return process;
}

void agent_processes_adopt(struct agent *agent)
{
	DIR *folder;

	if (folder_list(agent->run_folder, &folder) < 0)
		return;
	for (struct dirent *entry; (entry = readdir(folder));) {
		if (strncmp(entry->d_name, "ring-", 5) == 0)
			(void)agent_process_adopt(agent, entry->d_name);
	}
	closedir(folder);
}

/* An earlier agent's ring cannot be closed, but its lease ends. */
static void outwait_lease(const struct agent_process *process)
{
	uint64_t until_ns = process->adopted_ns + AGENT_LEASE_NS;
	const struct timespec pause = { 0, (long)(10 * MILLISECOND_NS) };

	while (process->adopted_ns > 0 && is_alive(process) && monotonic_ns() < until_ns)
		nanosleep(&pause, NULL);
}

static bool has_unread(const struct agent *agent)
{
	for (const struct agent_process *p = agent->processes; p; p = p->next) {
		if (p->is_unread)
			return true;
	}
	return false;
}

/* Empties all rings; again where the record takes nothing at first. */
static int drain_last(struct agent *agent)
{
	bool was_full;
	uint64_t moved;
	int looks = 0;

	do {
		was_full = agent->is_full;
		moved = agent_processes_drain(agent);
	} while (!agent->is_full &&
		 (was_full || moved > 0 || (has_unread(agent) && looks++ < LAST_LOOKS)));
	int r = agent_flush(agent);
	if (r == 0)
		r = record_sync(agent->record);
	return r == 0 && has_unread(agent) ? -EIO : r;
}

/* A process may live on, and find out that nobody reads what it writes.  Then nothing that is torn
 * is waited for: what it announces is not sent.  A ring that the record does not take keeps its
 * file. */
int agent_processes_end(struct agent *agent)
{
	for (struct agent_process *p = agent->processes; p; p = p->next) {
		ring_close(p->control);
		outwait_lease(p);
		p->is_ended = true;
	}
	int r = drain_last(agent);
	while (agent->processes) {
		struct agent_process *process = agent->processes;

		if (r == 0)
			end_process(agent, process);
		agent->processes = process->next;
		process_free(process);
	}
	return r;
}
