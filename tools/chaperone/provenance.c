/* SPDX-License-Identifier: MIT */
/* Putting together what is known about a process. */
#include "tools/chaperone/provenance.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/chaperone/container.h"
#include "tools/chaperone/environment.h"
#include "tools/chaperone/login.h"
#include "tools/chaperone/process.h"
#include "tools/chaperone/script.h"

#define TRIES            3
#define COMMAND_LINE_MAX (16 * KIB)
#define CGROUP_MAX       (16 * KIB)
#define UNREADABLE_MAX   ((size_t)128)

/* One reading of one process. */
struct reading {
	struct process process;
	struct provenance *provenance;
	struct environment_claims claims; /* its own */
	bool has_environment;             /* and it was read whole */
	const char *parents_agent;        /* what the nearest parents' environments claim */
	struct buf unreadable;
};

static void reading_done(struct reading *reading)
{
	process_close(&reading->process);
	buf_done(&reading->unreadable);
}

static int observe(struct reading *reading, const char *name, struct slice value)
{
	return fact_list_add(&reading->provenance->list, name, value, RECORD_OBSERVED);
}

static void note_unreadable(struct reading *reading, const char *entry)
{
	buf_printf(&reading->unreadable, "%s%s", reading->unreadable.length ? ", " : "", entry);
}

static int add_to_caller(struct provenance *provenance, enum caller_fact_name name,
			 enum caller_mark mark, const char *value)
{
	const char *own = fact_list_text(&provenance->list, slice_of(value));

	return own ? caller_add(&provenance->caller, name, mark, own) : -E2BIG;
}

static int read_numbers(struct reading *reading)
{
	const struct process *process = &reading->process;
	struct fact_list *list = &reading->provenance->list;
	char tty[PROCESS_TTY_MAX];

	process_tty(process, tty);
	int r = fact_list_add_number(list, "pid", (unsigned)process->pid, RECORD_OBSERVED);
	if (r == 0)
		r = fact_list_add_number(list, "ppid", (unsigned)process->parent, RECORD_OBSERVED);
	if (r == 0)
		r = fact_list_add_number(list, "start", process->start_ticks, RECORD_OBSERVED);
	if (r == 0)
		r = fact_list_add_number(list, "uid", process->uid, RECORD_OBSERVED);
	return r < 0 ? r : observe(reading, "tty", slice_of(tty));
}

static int read_login(struct reading *reading)
{
	SCOPED(buf_done) struct buf groups = BUF_MAX(LOGIN_GROUPS_MAX * LOGIN_NAME_MAX);
	char name[LOGIN_NAME_MAX];
	struct login login;
	int r = login_read(reading->process.uid, &login);

	if (r == 0)
		r = add_to_caller(reading->provenance, FACT_USER, MARK_OBSERVED, login.name);
	if (r == 0)
		r = observe(reading, "user", slice_of(login.name));
	for (int i = 0; r == 0 && i < login.group_count; i++) {
		login_group_name(login.groups[i], name);
		r = add_to_caller(reading->provenance, FACT_GROUP, MARK_OBSERVED, name);
		buf_printf(&groups, "%s%s", i ? "," : "", name);
	}
	return r < 0 ? r : observe(reading, "groups", buf_view(&groups));
}

/* Rules name the program even when its file has been replaced under it. */
static int read_exe(struct reading *reading)
{
	char path[PATH_MAX];
	int r = process_link(&reading->process, "exe", path, sizeof(path));

	if (r < 0) {
		note_unreadable(reading, "exe");
		return 0;
	}
	r = observe(reading, "exe", slice_of(path));
	struct slice shown = slice_of(path);
	if (slice_ends_with(shown, " (deleted)"))
		path[shown.length - strlen(" (deleted)")] = '\0';
	return r < 0 ? r : add_to_caller(reading->provenance, FACT_EXE, MARK_OBSERVED, path);
}

static int read_folder(struct reading *reading)
{
	char path[PATH_MAX];

	if (process_link(&reading->process, "cwd", path, sizeof(path)) == 0)
		return observe(reading, "cwd", slice_of(path));
	note_unreadable(reading, "cwd");
	return 0;
}

static int read_command_line(struct reading *reading)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(COMMAND_LINE_MAX);
	struct fact_list *list = &reading->provenance->list;
	struct slice program, script;

	if (process_read(&reading->process, "cmdline", &text) < 0) {
		note_unreadable(reading, "cmdline");
		return 0;
	}
	script_find(buf_view(&text), &program, &script);
	int r = fact_list_add_scrubbed(list, "argv0", program, RECORD_OBSERVED);
	return r < 0 ? r : fact_list_add_scrubbed(list, "script", script, RECORD_OBSERVED);
}

static int read_container(struct reading *reading)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(CGROUP_MAX);
	struct container container = { NULL, { NULL, 0 }, { NULL, 0 } };

	if (process_read(&reading->process, "cgroup", &text) >= 0)
		container = container_find(buf_view(&text));
	if (!container.runtime &&
	    faccessat(reading->process.folder, "root/.dockerenv", F_OK, 0) == 0)
		container.runtime = "docker";
	if (!container.runtime &&
	    faccessat(reading->process.folder, "root/run/.containerenv", F_OK, 0) == 0)
		container.runtime = "podman";
	int r = observe(reading, "container", slice_of(container.runtime));
	if (r == 0)
		r = observe(reading, "container-id", container.id);
	return r < 0 ? r : observe(reading, "pod", container.pod);
}

/* What the parent's environment claims.  It may be somebody else's, and then it cannot be read. */
static const char *agent_of(const struct process *parent)
{
	SCOPED(buf_done) struct buf entries = BUF_MAX(ENVIRONMENT_MAX);

	if (process_read(parent, "environ", &entries) < 0)
		return NULL;
	return environment_claims(buf_view(&entries)).agent;
}

/* "bash(812) < sshd(700)", and the agent that the nearest of them claims.  An agent that clears
 * the environment of what it starts is seen this way. */
static int read_parents(struct reading *reading)
{
	SCOPED(buf_done) struct buf chain = BUF_MAX(FACT_VALUE_MAX);
	SCOPED(process_close) struct process child = PROCESS_NONE;
	const struct process *last = &reading->process;

	for (int i = 0; i < PROVENANCE_PARENTS_MAX; i++) {
		struct process parent = PROCESS_NONE;

		if (process_open_parent(last, &parent) < 0)
			break;
		buf_printf(&chain, "%s%s(%d)", i ? " < " : "", parent.name, (int)parent.pid);
		if (!reading->parents_agent)
			reading->parents_agent = agent_of(&parent);
		process_close(&child);
		child = parent;
		last = &child;
	}
	return observe(reading, "parents", buf_view(&chain));
}

static int add_kind(struct reading *reading)
{
	struct provenance *provenance = reading->provenance;
	bool is_agent = reading->claims.agent || reading->parents_agent;

	if (is_agent)
		return add_to_caller(provenance, FACT_KIND, MARK_CLAIMED, "agent");
	if (!reading->has_environment)
		return 0;
	if (reading->claims.ci)
		return add_to_caller(provenance, FACT_KIND, MARK_OBSERVED, "job");
	return reading->process.tty_device
		       ? add_to_caller(provenance, FACT_KIND, MARK_OBSERVED, "person")
		       : 0;
}

static int read_environment(struct reading *reading)
{
	SCOPED(buf_done) struct buf entries = BUF_MAX(ENVIRONMENT_MAX);
	struct fact_list *list = &reading->provenance->list;
	int r = process_read(&reading->process, "environ", &entries);

	reading->has_environment = r == 0;
	if (r != 0)
		note_unreadable(reading, "environ");
	reading->claims = environment_claims(buf_view(&entries));
	environment_add_facts(buf_view(&entries), &reading->claims, list);
	r = reading->claims.agent ? 0
				  : fact_list_add(list, "parents-agent",
						  slice_of(reading->parents_agent), RECORD_CLAIMED);
	return r < 0 ? r : add_kind(reading);
}

/* What is observed comes first, so that no environment can crowd it out. */
static int (*const READ[])(struct reading *reading) = {
	read_numbers, read_login,     read_exe,     read_command_line,
	read_folder,  read_container, read_parents, read_environment,
};

/* Whether the process still is what was read: alive, and running the same program. */
static int confirm(const struct reading *reading, const char *exe_before)
{
	SCOPED(process_close) struct process now = PROCESS_NONE;
	char exe[PATH_MAX] = "";
	int r = process_open(reading->process.pid, &now);

	if (r < 0)
		return r;
	if (now.start_ticks != reading->process.start_ticks)
		return -ESRCH;
	(void)!process_link(&now, "exe", exe, sizeof(exe));
	return strcmp(exe, exe_before) == 0 ? 0 : -EAGAIN;
}

static int read_once(pid_t pid, struct provenance *provenance)
{
	SCOPED(reading_done)
	struct reading reading = { .process = PROCESS_NONE,
				   .provenance = provenance,
				   .unreadable = BUF_MAX(UNREADABLE_MAX) };
	char exe[PATH_MAX] = "";
	int r = process_open(pid, &reading.process);

	if (r < 0)
		return r;
	(void)!process_link(&reading.process, "exe", exe, sizeof(exe));
	provenance->pid = pid;
	provenance->start_ticks = reading.process.start_ticks;
	provenance->uid = reading.process.uid;
	for (size_t i = 0; r == 0 && i < COUNT_OF(READ); i++)
		r = READ[i](&reading);
	if (r == 0)
		r = observe(&reading, "unreadable", buf_view(&reading.unreadable));
	return r < 0 ? r : confirm(&reading, exe);
}

int provenance_read(pid_t pid, struct provenance **ret_provenance)
{
	int r = -EAGAIN;

	for (int i = 0; i < TRIES && r == -EAGAIN; i++) {
		SCOPED(provenance_freep)
		struct provenance *provenance = calloc(1, sizeof(*provenance));

		if (!provenance)
			return -ENOMEM;
		r = read_once(pid, provenance);
		if (r == 0)
			*ret_provenance = steal(provenance);
	}
	return r;
}

void provenance_free(struct provenance *provenance)
{
	free(provenance);
}
