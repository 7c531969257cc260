/* SPDX-License-Identifier: MIT */
/* Who asked and where, as far as the record has it: the caller and the address that the judge was
 * given then. */
#ifndef TOOLS_CHAPERONE_REPLAY_CALLER_H
#define TOOLS_CHAPERONE_REPLAY_CALLER_H

#include "policy/engine/arena.h"
#include "policy/engine/caller.h"
#include "policy/engine/session.h"
#include "tools/chaperone/audit_events.h"

/* -ENOENT: the run was started as somebody whom the policy does not have.  -ENODATA: the record
 * does not say what the policy asks about the caller.  Texts live in `memory`. */
must_use int replay_caller_read(const struct audit_event *event, const struct policy *policy,
				struct arena *memory, struct caller *ret_caller);

/* Borrows its texts from the event. */
struct session_address replay_address(const struct audit_event *event);

/* Appends all that the two of above are made of, so that equal texts have equal callers and
 * addresses. */
void replay_context_add(const struct audit_event *event, struct buf *out);

#endif
