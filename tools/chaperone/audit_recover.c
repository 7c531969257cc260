/* SPDX-License-Identifier: MIT */
/* `chaperone audit recover`: puts on the record what a run left in its folder because the record
 * took no more, or because nothing of it was there any more to do so.  The next agent of a run does
 * the same (agent_leftovers_adopt, agent_processes_adopt); here there is none. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "common/clock.h"
#include "common/file.h"
#include "tools/chaperone/agent_leftover.h"
#include "tools/chaperone/audit.h"
#include "tools/chaperone/audit_print.h"
#include "tools/command/json.h"
#include "tools/remote/enrolled.h"
#include "tools/chaperone/process.h"

#define SLOTS_AT_ONCE 512

static const struct option_row ROWS[] = {
	AUDIT_RECORD,
	AUDIT_JSON("one JSON object"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.operands = "FOLDER",
	.operands_min = 1,
	.operands_max = 1,
	.about =
		"Puts on the record what a run could not at its end, because a disk was full: FOLDER is\n"
		"the one that `chaperone run` named then.  What is on the record goes from FOLDER; what\n"
		"cannot be read stays there.",
	.exits =
		"0 the record has all of it, 1 something in FOLDER cannot be used, 2 could not run",
};

struct recovery {
	struct agent agent; /* that serves nobody */
	struct agent_counts counts;
	struct buf out;
	uint64_t seen;        /* files that an agent left, or what is called so */
	uint64_t rings;       /* of which something was missing */
	uint64_t unexplained; /* statements whose text and verdict nobody wrote */
	uint64_t damaged_slots;
	uint64_t left;                   /* files that stay in the folder */
	uint64_t judgements[RING_SLOTS]; /* that the statements of one ring name */
};

/* What a ring has that the record has not. */
struct missing {
	uint64_t slots, damaged, unexplained;
	int trouble; /* what reading ended with */
};

static void leave(struct recovery *recovery, const char *name, const char *why)
{
	SCOPED(buf_done) struct buf line = BUF_MAX(4 * KIB);

	recovery->left++;
	visible_add(&line, slice_of(name), 0);
	fprintf(stderr, "chaperone audit recover: %s stays: %s\n", buf_text(&line), why);
}

/* One that has ended and that its parent has not asked about does not. */
static bool still_runs(uint32_t pid, uint64_t start_ticks)
{
	SCOPED(process_close) struct process process = PROCESS_NONE;
	SCOPED(close_p) int pidfd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
	struct pollfd ended = { pidfd, POLLIN, 0 };

	return process_open((pid_t)pid, &process) == 0 && process.start_ticks == start_ticks &&
	       !(pidfd >= 0 && poll(&ended, 1, 0) > 0);
}

static size_t collect_judgements(const struct ring_slot *slots, int count, uint64_t *judgements,
				 size_t known)
{
	for (int i = 0; i < count && known < RING_SLOTS; i++) {
		if (slots[i].kind == RING_INTENT && slots[i].intent.judgement != 0)
			judgements[known++] = slots[i].intent.judgement;
	}
	return known;
}

/* Reads without keeping.  Slots between the last that is on the record and the oldest that is whole
 * are damaged: nobody writes over what is not recorded. */
static size_t count_missing(struct ring_reader *reader, uint64_t recorded, struct missing *missing,
			    uint64_t *judgements)
{
	struct ring_slot slots[SLOTS_AT_ONCE];
	size_t known = 0;
	int count;

	if (reader->next > recorded)
		missing->damaged = reader->next - recorded;
	else
		reader->next = recorded;
	do {
		count = ring_read(reader, monotonic_ns(), 0, slots, SLOTS_AT_ONCE);
		missing->slots += count > 0 ? (uint64_t)count : 0;
		known = collect_judgements(slots, count, judgements, known);
	} while (count == SLOTS_AT_ONCE);
	missing->trouble = count < 0 ? count : 0;
	missing->damaged += reader->skipped;
	return known;
}

/* NULL, or why the ring is not to be touched. */
static const char *look_at(struct recovery *recovery, const char *name, struct missing *missing)
{
	struct ring_reader reader;
	uint64_t start_ticks;
	bool is_known;
	uint32_t pid;

	if (strlen(name) >= sizeof(((struct agent_process *)NULL)->ring_name))
		return "it is not a ring";
	int r = ring_open_orphan(recovery->agent.run_folder, name, &reader, &pid, &start_ticks);
	if (r < 0)
		return r == -EBADMSG || r == -ENODATA ? "it is not a ring" : strerror(-r);
	const char *obstacle = NULL;
	uint64_t process = agent_ring_number(name);
	uint64_t recorded = agent_orphan_recorded(&recovery->agent, process, &is_known);
	if (!is_known)
		obstacle = "it belongs to another record";
	else if (still_runs(pid, start_ticks))
		obstacle = "its process still runs";
	else
		missing->unexplained = agent_orphan_unexplained(
			&recovery->agent, process, recovery->judgements,
			count_missing(&reader, recorded, missing, recovery->judgements));
	close(reader.fd);
	return obstacle;
}

static int open_record(struct recovery *recovery, const char *folder, struct error *error)
{
	SCOPED(buf_done) struct buf place = BUF_MAX(4 * KIB);

	if (recovery->agent.record)
		return 0;
	int r = agent_record_open(&recovery->agent, error);
	if (r < 0)
		return r;
	visible_add(&place, slice_of(folder), 0);
	agent_note(&recovery->agent, 0, "what was left in %.400s is taken up", buf_text(&place));
	return 0;
}

static int take(struct recovery *recovery, const char *name, const struct missing *missing,
		struct error *error)
{
	struct agent *agent = &recovery->agent;
	struct agent_process *process = agent_process_adopt(agent, name);

	if (!process)
		return error_system(error, -EIO, name);
	process->adopted_ns = 0; /* it is gone: no lease of it is in force */
	process->is_kept = missing->damaged > 0 || missing->trouble < 0;
	recovery->rings++;
	recovery->damaged_slots += missing->damaged;
	recovery->unexplained += missing->unexplained;
	int r = agent_processes_end(agent);
	return r < 0 ? error_system(error, r, agent->settings.record_folder) : 0;
}

static int recover_ring(struct recovery *recovery, const char *folder, const char *name,
			struct error *error)
{
	struct missing missing = { 0 };
	recovery->seen++;
	const char *obstacle = look_at(recovery, name, &missing);
	int r = 0;

	if (obstacle) {
		leave(recovery, name, obstacle);
		return 0;
	}
	if (missing.slots > 0)
		r = open_record(recovery, folder, error);
	if (r == 0 && missing.slots > 0)
		r = take(recovery, name, &missing, error);
	if (r < 0)
		return r;
	if (missing.damaged > 0 || missing.trouble < 0)
		leave(recovery, name, "parts of it are damaged; what can be read is on the record");
	else if (missing.slots == 0)
		unlinkat(recovery->agent.run_folder, name, 0);
	return 0;
}

static const char *why_not(int code)
{
	return code == -EBADMSG ? "it is damaged, or nothing that an agent leaves"
	       : code == -EXDEV ? "it belongs to another record"
				: strerror(-code);
}

static int recover_unwritten(struct recovery *recovery, const char *folder, const char *name,
			     struct error *error)
{
	SCOPED(agent_leftover_done) struct agent_leftover leftover = { .keys = NULL };
	struct agent *agent = &recovery->agent;
	int r = agent_leftover_look(agent, name, &leftover);

	recovery->seen++;
	if (r < 0) {
		leave(recovery, name, why_not(r));
		return 0;
	}
	if (leftover.missing > 0) {
		r = open_record(recovery, folder, error);
		if (r < 0)
			return r;
		r = agent_leftover_put(agent, &leftover);
	}
	if (r < 0)
		return error_system(error, r, agent->settings.record_folder);
	unlinkat(agent->run_folder, name, 0);
	return 0;
}

/* In the order in which they are taken up: what is in a ring is told apart from what is on the
 * record by connections that an agent may not have written. */
static const struct {
	const char *prefix;
	int (*recover)(struct recovery *recovery, const char *folder, const char *name,
		       struct error *error);
} KINDS[] = {
	{ RECORD_UNWRITTEN_PREFIX, recover_unwritten },
	{ "ring-", recover_ring },
};

static int recover_kind(struct recovery *recovery, const char *path, size_t kind,
			struct error *error)
{
	DIR *folder;
	int r = folder_list(recovery->agent.run_folder, &folder);

	if (r < 0)
		return error_system(error, r, path);
	for (struct dirent *entry; r == 0 && (entry = readdir(folder));) {
		if (strncmp(entry->d_name, KINDS[kind].prefix, strlen(KINDS[kind].prefix)) == 0)
			r = KINDS[kind].recover(recovery, path, entry->d_name, error);
	}
	closedir(folder);
	return r;
}

static int recover_all(struct recovery *recovery, const char *path, struct error *error)
{
	int r = 0;

	for (size_t kind = 0; r == 0 && kind < COUNT_OF(KINDS); kind++)
		r = recover_kind(recovery, path, kind, error);
	return r;
}

/* Whoever writes rings there holds a lock on the folder. */
static int open_folder(const char *path, int *ret_fd, struct error *error)
{
	SCOPED(close_p) int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return error_system(error, -errno, path);
	if (status.st_uid != geteuid() || (status.st_mode & 077) != 0)
		return error_set(
			error, -EPERM,
			"%.300s: not the folder of a run of this user, which nobody else can enter",
			path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return error_set(error, -EBUSY,
				 "%.300s: in use; a run puts its rings there by itself", path);
	*ret_fd = steal_fd(&fd);
	return 0;
}

/* A wrong path must not become a new record. */
static int check_record(const char *path, struct error *error)
{
	SCOPED(record_reader_closep) struct record_reader *reader = NULL;

	return record_reader_open(path, &reader, error);
}

static int close_record(struct recovery *recovery, struct error *error)
{
	struct agent *agent = &recovery->agent;
	struct record_entry end = { .kind = RECORD_END, .time_ns = realtime_ns() };

	if (!agent->record)
		return 0;
	agent_record(agent, &end);
	int r = record_flush(agent->record);
	if (r == 0)
		r = record_sync(agent->record);
	return r < 0 ? error_system(error, r, agent->settings.record_folder) : 0;
}

static void add_report(struct recovery *recovery, bool is_json)
{
	struct buf *out = &recovery->out;

	if (!is_json) {
		buf_printf(out, "%llu statements of %llu %s are on the record now",
			   (unsigned long long)recovery->counts.statements,
			   (unsigned long long)recovery->rings,
			   recovery->rings == 1 ? "process" : "processes");
		if (recovery->unexplained > 0)
			buf_printf(
				out,
				", %llu of them without text and verdict, which were never written",
				(unsigned long long)recovery->unexplained);
		if (recovery->damaged_slots > 0)
			buf_printf(out, "; %llu slots of their rings cannot be read",
				   (unsigned long long)recovery->damaged_slots);
		buf_add_char(out, '\n');
		return;
	}
	json_open(out, NULL, '{');
	json_number(out, "processes", recovery->rings);
	json_number(out, "statements", recovery->counts.statements);
	json_number(out, "refused", recovery->counts.refused);
	json_number(out, "without_text", recovery->unexplained);
	json_number(out, "masked_cells", recovery->counts.masked_cells);
	json_number(out, "damaged_slots", recovery->damaged_slots);
	json_number(out, "left", recovery->left);
	json_close(out, '}');
	json_end(out);
	buf_add_char(out, '\n');
}

static int recover(struct recovery *recovery, const struct audit_options *options,
		   struct error *error)
{
	int r = check_record(options->record, error);

	if (r == 0)
		r = open_folder(options->operand, &recovery->agent.run_folder, error);
	if (r == 0)
		r = recover_all(recovery, options->operand, error);
	if (r == 0)
		r = close_record(recovery, error);
	if (r < 0)
		return r;
	if (recovery->seen > 0 && recovery->left == 0) {
		unlinkat(recovery->agent.run_folder, "agent.socket", 0);
		rmdir(options->operand); /* stays when there is anything else in it */
	}
	add_report(recovery, options->is_json);
	r = audit_print(&recovery->out);
	return r < 0 ? error_system(error, r, "standard output") : 0;
}

int command_audit_recover(int argc, char **argv)
{
	struct audit_options options;
	struct error error = { .line = 0 };
	char server[PATH_MAX];
	int status;

	if (!audit_options_read(&OPTIONS, argc, argv, &options, &status))
		return status;
	bool is_enrolled = enrolled_folder(NULL, server, &error) == 0 && enrolled_is(server);
	signal(SIGXFSZ, SIG_IGN);
	struct recovery recovery = { .out = BUF_MAX(4 * KIB) };
	recovery.agent.run_folder = recovery.agent.unwritten.fd = -1;
	recovery.agent.settings =
		(struct agent_settings){ .kind = AGENT_OF_RUN,
					 .run_folder = options.operand,
					 .record_folder = options.record,
					 .server_folder = is_enrolled ? server : NULL,
					 .counts = &recovery.counts };
	int r = recover(&recovery, &options, &error);
	record_close(recovery.agent.record);
	close_p(&recovery.agent.run_folder);
	buf_done(&recovery.out);
	if (r < 0)
		return command_fail(argv[0], &error);
	return recovery.left == 0 ? EXIT_GOOD : EXIT_FINDINGS;
}
