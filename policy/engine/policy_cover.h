/* SPDX-License-Identifier: MIT */
/* Whether one rule matches everything that another one matches, as far as the rules alone say. */
#ifndef POLICY_ENGINE_POLICY_COVER_H
#define POLICY_ENGINE_POLICY_COVER_H

#include "policy/engine/policy.h"

/* Whether everybody who matches `inner` matches `outer`. */
bool who_covers(const struct policy_who *outer, const struct policy_who *inner);
bool whom_covers(const struct policy *policy, const struct policy_whom *outer,
		 const struct policy_whom *inner);

/* Whether every statement, caller and moment that `inner` matches is matched by `outer`.  False
 * where it cannot be
 * known. */
bool rule_covers(const struct policy *policy, const struct policy_rule *outer,
		 const struct policy_rule *inner);

#endif
