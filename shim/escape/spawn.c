/* SPDX-License-Identifier: MIT */
/* Stand-ins for posix_spawn and posix_spawnp, which return their error. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>

#include "shim/escape/start_program.h"
#include "shim/preload/guard.h"
#include "shim/preload/next.h"

static int spawn(const struct program_start *start, char *const variables[])
{
	int result;
	int r = program_start(start, variables, &result);

	return r < 0 ? -r : result;
}

static int forward_path(const struct program_start *start, char *const variables[])
{
	__typeof__(&posix_spawn) next = NEXT(posix_spawn);

	return next ? next(start->pid, start->target.path, start->actions, start->attributes,
			   start->arguments, variables)
		    : ENOSYS;
}

static int forward_searched(const struct program_start *start, char *const variables[])
{
	__typeof__(&posix_spawnp) next = NEXT(posix_spawnp);

	return next ? next(start->pid, start->target.path, start->actions, start->attributes,
			   start->arguments, variables)
		    : ENOSYS;
}

STAND_IN int posix_spawn(pid_t *restrict pid, const char *restrict path,
			 const posix_spawn_file_actions_t *restrict actions,
			 const posix_spawnattr_t *restrict attributes, char *const argv[restrict],
			 char *const envp[restrict])
{
	struct program_start start = {
		{ .folder = AT_FDCWD, .path = path }, argv, pid, actions, attributes, forward_path
	};

	return spawn(&start, envp);
}

STAND_IN int posix_spawnp(pid_t *restrict pid, const char *restrict file,
			  const posix_spawn_file_actions_t *restrict actions,
			  const posix_spawnattr_t *restrict attributes, char *const argv[restrict],
			  char *const envp[restrict])
{
	struct program_start start = { { .folder = AT_FDCWD, .path = file, .is_searched = true },
				       argv,
				       pid,
				       actions,
				       attributes,
				       forward_searched };

	return spawn(&start, envp);
}
