/* SPDX-License-Identifier: MIT */
/* Whether the process at the other end of the agent's socket is one that may judge us (security.md
 * 14). */
#ifndef SHIM_GATE_PEER_H
#define SHIM_GATE_PEER_H

#include "common/cleanup.h"
#include "shim/gate/place.h"

/* 0, or -EPERM when the listener behind `fd` is somebody else: under `run` it is the supervisor,
 * known by its pid and start time; elsewhere a process of ours, of root, or, where root named the
 * place, of the owner of a folder that nobody else may write. */
must_use int peer_check(int fd, const struct place *place);

#endif
