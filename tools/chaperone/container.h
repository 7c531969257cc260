/* SPDX-License-Identifier: MIT */
/* Which container a process runs in, as its control groups tell. */
#ifndef TOOLS_CHAPERONE_CONTAINER_H
#define TOOLS_CHAPERONE_CONTAINER_H

#include "common/slice.h"

struct container {           /* slices borrow from the text, empty: not known */
	const char *runtime; /* "docker", "podman", "kubernetes" …; NULL: none seen */
	struct slice id;     /* 64 hex digits */
	struct slice pod;    /* of Kubernetes: its UID */
};

/* `groups` is /proc/PID/cgroup, of version 1 or 2.  Inside a container with a control group
 * namespace it shows "/" alone, and nothing is found. */
struct container container_find(struct slice groups);

#endif
