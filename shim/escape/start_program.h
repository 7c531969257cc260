/* SPDX-License-Identifier: MIT */
/* What every way to start a program goes through: the program is looked at, its environment is
 * repaired.
 *
 * The ways to start a program are called in vfork children, which share their parent's memory:
 * nothing here allocates or writes anywhere but on the stack. */
#ifndef SHIM_ESCAPE_START_PROGRAM_H
#define SHIM_ESCAPE_START_PROGRAM_H

#include <spawn.h>

#include "shim/escape/target.h"

/* One call, with the arguments of whichever it is. */
struct program_start {
	struct target target;
	char *const *arguments;
	pid_t *pid;
	const posix_spawn_file_actions_t *actions;
	const posix_spawnattr_t *attributes;
	/* Makes the call with `variables` for its environment. */
	int (*forward)(const struct program_start *start, char *const variables[]);
};

/* Forwards the call, whose result is returned and whose errno is left alone; or returns a negative
 * errno when it must not be made, with `*ret_result` untouched: -EACCES, -E2BIG
 * (shim/escape/environment.h). */
int program_start(const struct program_start *start, char *const variables[], int *ret_result);

#endif
