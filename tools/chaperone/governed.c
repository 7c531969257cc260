/* SPDX-License-Identifier: MIT */
/* Signs of a governed tree: a variable, the preloaded shim, an ancestor. */
#include "tools/chaperone/governed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/error.h"
#include "tools/chaperone/process.h"

#define ANCESTORS_MAX    256
#define COMMAND_LINE_MAX (4 * KIB)

static bool is_our_program(const struct process *process)
{
	struct stat ours, theirs;

	if (strcmp(process->name, "chaperone") == 0)
		return true;
	return stat("/proc/self/exe", &ours) == 0 &&
	       fstatat(process->folder, "exe", &theirs, 0) == 0 && ours.st_dev == theirs.st_dev &&
	       ours.st_ino == theirs.st_ino;
}

/* Anybody may read a command line, unlike the link to the program. */
static bool is_run(const struct process *process)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(COMMAND_LINE_MAX);

	if (!is_our_program(process) || process_read(process, "cmdline", &text) < 0)
		return false;
	struct slice rest = buf_view(&text);
	slice_cut(&rest, '\0');
	return slice_is(slice_cut(&rest, '\0'), "run");
}

/* The pid of the nearest ancestor that is `chaperone run`; 0 when none can be seen. */
static pid_t find_run(void)
{
	SCOPED(process_close) struct process process = PROCESS_NONE;

	if (process_open(getpid(), &process) < 0)
		return 0;
	for (int i = 0; i < ANCESTORS_MAX; i++) {
		struct process parent = PROCESS_NONE;

		if (process_open_parent(&process, &parent) < 0)
			return 0;
		process_close(&process);
		process = parent;
		if (is_run(&process))
			return process.pid;
	}
	return 0;
}

bool governed(char ret_why[GOVERNED_WHY_MAX])
{
	const char *preload = getenv("LD_PRELOAD");

	if (getenv(GOVERNED_RUN_VARIABLE)) {
		snprintf(ret_why, GOVERNED_WHY_MAX, "%s is set", GOVERNED_RUN_VARIABLE);
		return true;
	}
	if (preload && strstr(preload, "libchaperone")) {
		snprintf(ret_why, GOVERNED_WHY_MAX, "LD_PRELOAD names libchaperone");
		return true;
	}
	pid_t run = find_run();
	if (!run)
		return false;
	snprintf(ret_why, GOVERNED_WHY_MAX, "`chaperone run` is an ancestor, pid %d", (int)run);
	return true;
}

int governed_refuse(struct error *error)
{
	char why[GOVERNED_WHY_MAX];

	if (!governed(why))
		return 0;
	return error_set(error, -EPERM,
			 "not from inside a governed tree (%s); type it in a terminal of your own",
			 why);
}
