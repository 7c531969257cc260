/* SPDX-License-Identifier: MIT */
/* Starting an agent from inside a foreign process: no thread, no fork of the host's memory, nothing left behind. */
#include "shim/gate/own_agent.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "shim/preload/sentinel.h"

extern char **environ;

/* Relative to the folder of this library: in the build folder, or installed, with and without the name of the
 * machine in between. */
static const char *const PLACES[] = {
	"../tools/chaperone/chaperone",
	"../../bin/chaperone",
	"../../../bin/chaperone",
};

/* The environment without the loader's variables: the agent is not governed, and needs no library that is not its
 * own.  Freed by the caller; the texts are the host's. */
static char **environment(void)
{
	size_t count = 0, kept = 0;

	while (environ && environ[count])
		count++;
	char **copy = calloc(count + 1, sizeof(*copy));
	for (size_t i = 0; copy && i < count; i++) {
		if (strncmp(environ[i], "LD_", 3) != 0)
			copy[kept++] = environ[i];
	}
	return copy;
}

/* Signals as at login, and a process group that the terminal's keys do not reach. */
static int set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t all, none;
	int r = posix_spawnattr_init(attributes);

	sigfillset(&all);
	sigemptyset(&none);
	if (r == 0)
		r = posix_spawnattr_setsigdefault(attributes, &all);
	if (r == 0)
		r = posix_spawnattr_setsigmask(attributes, &none);
	if (r == 0)
		r = posix_spawnattr_setpgroup(attributes, 0);
	if (r == 0)
		r = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
								 POSIX_SPAWN_SETPGROUP);
	return -r;
}

static int spawn(const char *program, const char *socket, char **variables, pid_t *ret_pid)
{
	char name[] = "chaperone", command[] = "agent", own[] = "--own", option[] = "--socket", path[PATH_MAX];
	char *arguments[] = { name, command, own, option, path, NULL };
	posix_spawnattr_t attributes;

	snprintf(path, sizeof(path), "%s", socket);
	int r = set_attributes(&attributes);
	if (r < 0)
		return r;
	r = -posix_spawn(ret_pid, program, NULL, &attributes, arguments, variables);
	posix_spawnattr_destroy(&attributes);
	return r;
}

/* What was spawned detaches and ends at once.  The host may collect it before us. */
static int collect(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return 0;
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ECHILD;
}

int own_agent_start(const char *socket)
{
	SCOPED(free_p) char **variables = environment();
	const char *self = preload_path(), *slash = strrchr(self, '/');
	char program[PATH_MAX];
	int r = -ENOENT;
	pid_t pid;

	if (!variables)
		return -ENOMEM;
	for (size_t i = 0; slash && r == -ENOENT && i < COUNT_OF(PLACES); i++) {
		int length = snprintf(program, sizeof(program), "%.*s/%s", (int)(slash - self), self, PLACES[i]);

		if (length > 0 && (size_t)length < sizeof(program))
			r = spawn(program, socket, variables, &pid);
	}
	return r < 0 ? r : collect(pid);
}
