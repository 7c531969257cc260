/* SPDX-License-Identifier: MIT */
/* Asking whether a way past the library may be taken. */
#ifndef SHIM_GATE_OUTSIDE_H
#define SHIM_GATE_OUTSIDE_H

#include "common/cleanup.h"
#include "common/message.h"

/* The longest text that is told; the rest is cut off. */
#define OUTSIDE_TEXT_MAX 512

/* Tells the agent what is about to happen and returns its enum message_permit; negative when no
 * agent answers.  Waits for one that is being started or replaced as long as a statement would, or
 * not at all.  Allocates nothing and takes no lock: safe in signal handlers and between fork and
 * exec. */
must_use int outside_permit(enum message_outside_kind kind, struct slice text, bool waits);

/* Whether the agent carries a cancel request, and nothing else, from the descriptor `from` to `to`,
 * which leads to `address`: its enum message_permit, or negative.  Both are closed here.  Where they
 * are -1 the question is whether it would.  Never where nothing of this process was governed yet.
 * As outside_permit otherwise. */
must_use int outside_carry(struct slice address, int from, int to);

#endif
