/* SPDX-License-Identifier: MIT */
/* Where the agent is: which socket to dial, and what to do when nobody is there. */
#ifndef SHIM_GATE_PLACE_H
#define SHIM_GATE_PLACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PLACE_PATH_MAX 108 /* sizeof(sun_path), unix(7) */

struct place {
	char socket[PLACE_PATH_MAX]; /* empty: there is none, and `problem` says why */
	/* under `run`: the supervisor, which listens there; 0: whoever does */
	pid_t peer;
	uint64_t peer_start; /* and its start, in clock ticks after boot */
	/* root names it, so that its agent may be under a user id of a service */
	bool is_roots;
	/* nobody is configured: this program may start an agent there */
	bool is_own;
	const char *problem; /* a phrase for people */
};

/* The place, found when it is asked for first and the same ever after: root's configuration, else
 * the socket of `chaperone run`, else a service that runs, else one of this user's own
 * (decisions.md 2, security.md 14).  Any thread, without a lock or memory of the heap.  NULL when
 * more than a few ask at once before it is found: ask again. */
const struct place *place_settle(void);

/* The place if it is settled, or NULL.  Any thread. */
const struct place *place_settled(void);

#endif
