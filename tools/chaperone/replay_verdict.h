/* SPDX-License-Identifier: MIT */
/* What was decided then and what is decided now, in one form, so that they can be compared. */
#ifndef TOOLS_CHAPERONE_REPLAY_VERDICT_H
#define TOOLS_CHAPERONE_REPLAY_VERDICT_H

#include "policy/engine/judge.h"
#include "tools/chaperone/replay_judge.h"

must_use int replay_verdict_recorded(const struct audit_event *event,
				     struct replay_verdict *ret_verdict);
must_use int replay_verdict_made(const struct policy *policy, const struct judgement *judgement,
				 struct replay_verdict *ret_verdict);

enum replay_change replay_compare(const struct replay_verdict *was,
				  const struct replay_verdict *is);

/* Whether a rule had a say then that is still in the policy, and has none now. */
bool replay_lost_rule(const struct record_entry *recorded, const struct policy *policy,
		      const struct judgement *made);

/* Whether a text that does `made` can be the one that did what is recorded.  A harmless function is
 * among the effects only where a rule refuses it. */
bool replay_effects_agree(const struct record_entry *recorded, const struct judgement *made);

#endif
