/* SPDX-License-Identifier: MIT */
/* An agent for a program that was started without one. */
#ifndef SHIM_GATE_OWN_AGENT_H
#define SHIM_GATE_OWN_AGENT_H

#include "common/cleanup.h"

/* Starts `chaperone agent --own` for `socket`, from beside this library, and returns when it has
 * detached itself, before it serves.  -ENOENT: there is no such program. */
must_use int own_agent_start(const char *socket);

#endif
