/* SPDX-License-Identifier: MIT */
/* Following the server from one root to the next (control/root.h). */
#ifndef TOOLS_REMOTE_ROOTS_H
#define TOOLS_REMOTE_ROOTS_H

#include "tools/remote/enrolled.h"
#include "tools/remote/remote.h"

#define ROOTS_AT_ONCE 1000u /* the rest is for the next time */

/* Asks for each root up to `newest`, and takes it.  `held_digest`: of the release that is held.  -EBADMSG:
 * one cannot be believed, or the server is behind what this machine has followed; those before it are
 * taken. */
must_use int roots_walk(struct enrolled *enrolled, struct remote *remote, uint64_t newest,
			const unsigned char held_digest[SHA256_SIZE], struct error *error);

#endif
