/* SPDX-License-Identifier: MIT */
/* The place of an agent that is not a run's: a folder with its socket, its lock, and the rings of
 * its processes. */
#ifndef TOOLS_CHAPERONE_AGENT_PLACE_H
#define TOOLS_CHAPERONE_AGENT_PLACE_H

#include <limits.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "common/sha256.h"

struct agent_place {
	char socket[PATH_MAX];
	char folder[PATH_MAX];
	char rings[PATH_MAX]; /* private; empty until agent_place_rings */
	int lock, listening, rings_lock;
};
#define AGENT_PLACE_NONE                                                                           \
	{                                                                                          \
		.lock = -1, .listening = -1, .rings_lock = -1                                      \
	}

/* A service's: others may enter the folder, which only we write, and anybody may connect.  -EBUSY:
 * another agent serves there. */
must_use int agent_place_open(const char *socket, struct agent_place *ret_place,
			      struct error *error);

/* A user's own: nobody else can enter.  Waits for an agent that is just leaving; -EALREADY when one
 * serves there. */
must_use int agent_place_open_private(const char *socket, struct agent_place *ret_place,
				      struct error *error);

/* Makes the folder for rings of processes under the policy of this digest.  An agent that died
 * there has left its rings to the next one; one that still serves its last processes is not
 * disturbed. */
must_use int agent_place_rings(struct agent_place *place, const unsigned char digest[SHA256_SIZE],
			       struct error *error);

must_use int agent_place_listen(struct agent_place *place, mode_t mode, struct error *error);

#endif
