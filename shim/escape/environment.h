/* SPDX-License-Identifier: MIT */
/* A program's environment with what `chaperone run` put there: the library in LD_PRELOAD, the
 * auditor in LD_AUDIT, and the way to the agent (decisions.md 3).  What the program set there itself
 * stays, in its order, but for other values of our variables: a program that could choose its
 * child's agent could choose one that allows everything. */
#ifndef SHIM_ESCAPE_ENVIRONMENT_H
#define SHIM_ESCAPE_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/cleanup.h"
#include "shim/preload/start.h"

/* What is repaired; a larger environment that lacks something is refused with -E2BIG.  The second
 * is for each of the loader's lists.  Together about 56 KiB of the caller's stack, and less than
 * 2 KiB for a cleared environment. */
#define ENVIRONMENT_VARIABLES_MAX 4096
#define ENVIRONMENT_PRELOAD_MAX   8192

#define ENVIRONMENT_LISTS 3 /* of the loader's: LD_PRELOAD, LD_AUDIT, GLIBC_TUNABLES */

/* What a list of variables had when it was looked through. */
struct environment_look {
	char *const *variables;
	size_t count;
	const char
		*lists[ENVIRONMENT_LISTS]; /* the last one of each, which counts for the loader */
	size_t places[ENVIRONMENT_LISTS];  /* and which of the variables that is */
	bool has[START_VARIABLES];
	bool is_wrong;
};

/* Looks through `variables`, which may be NULL: execve(2) takes that for an empty list.  The bytes
 * that environment_repair needs; 0 when nothing is to be repaired, -E2BIG. */
must_use ssize_t environment_room(char *const variables[], struct environment_look *ret_look);

/* Fills `room` with the repaired list, whose texts are the old list's, our own, and in `room`.
 * Variables that another thread has added to the old list since are left out. */
char *const *environment_repair(const struct environment_look *look, void *room);

/* True for an entry of a repaired list that the repair put there or left as it has to be. */
bool environment_is_ours(const char *entry);

#endif
