/* SPDX-License-Identifier: MIT */
/* Starting an agent from inside a foreign process: no thread, no fork of the host's memory, nothing
 * left behind. */
#include "shim/gate/own_agent.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "common/cleanup.h"
#include "shim/preload/next.h"
#include "shim/preload/sentinel.h"

extern char **environ;

/* Relative to the folder of this library: in the build folder, or installed, with and without the
 * name of the machine in between. */
static const char *const PLACES[] = {
	"../tools/chaperone/chaperone",
	"../../bin/chaperone",
	"../../../bin/chaperone",
};

/* Pages of our own: the host may be in a signal handler, where its heap cannot be used. */
struct variables {
	char **at;
	size_t size;
};

/* The environment without the loader's variables: the agent is not governed, and needs no library
 * that is not its own.  The texts are the host's.  `at` is NULL without memory. */
static struct variables environment(void)
{
	size_t count = 0, kept = 0;

	while (environ && environ[count])
		count++;
	size_t size = (count + 1) * sizeof(char *);
	char **copy = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (copy == MAP_FAILED)
		return (struct variables){ NULL, 0 };
	for (size_t i = 0; i < count; i++) {
		if (strncmp(environ[i], "LD_", 3) != 0)
			copy[kept++] = environ[i];
	}
	return (struct variables){ copy, size };
}

static void variables_done(struct variables *variables)
{
	if (variables->at)
		munmap(variables->at, variables->size);
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
		r = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF |
								 POSIX_SPAWN_SETSIGMASK |
								 POSIX_SPAWN_SETPGROUP);
	return -r;
}

static int spawn(const char *program, const char *socket, char **variables, pid_t *ret_pid)
{
	char name[] = "chaperone", command[] = "agent", own[] = "--own", option[] = "--socket",
	     path[PATH_MAX];
	char *arguments[] = { name, command, own, option, path, NULL };
	posix_spawnattr_t attributes;
	/* ours would add the library again */
	__typeof__(&posix_spawn) spawn_it = NEXT(posix_spawn);

	snprintf(path, sizeof(path), "%s", socket);
	int r = set_attributes(&attributes);
	if (r < 0)
		return r;
	r = spawn_it ? -spawn_it(ret_pid, program, NULL, &attributes, arguments, variables)
		     : -ENOSYS;
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
	SCOPED(variables_done) struct variables variables = environment();
	const char *self = preload_path(), *slash = strrchr(self, '/');
	char program[PATH_MAX];
	int r = -ENOENT;
	pid_t pid;

	if (!variables.at)
		return -ENOMEM;
	for (size_t i = 0; slash && r == -ENOENT && i < COUNT_OF(PLACES); i++) {
		int length = snprintf(program, sizeof(program), "%.*s/%s", (int)(slash - self),
				      self, PLACES[i]);

		if (length > 0 && (size_t)length < sizeof(program))
			r = spawn(program, socket, variables.at, &pid);
	}
	return r < 0 ? r : collect(pid);
}
