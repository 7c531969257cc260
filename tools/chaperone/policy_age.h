/* SPDX-License-Identifier: MIT */
/* How long ago the server said that the policy is its newest, and what follows from that
 * (control-plane.md 1.4).  A policy that is no server's is always fresh. */
#ifndef TOOLS_CHAPERONE_POLICY_AGE_H
#define TOOLS_CHAPERONE_POLICY_AGE_H

#include "policy/engine/judge.h"
#include "policy/engine/policy.h"
#include "tools/chaperone/server_policy.h"

enum policy_age_state {
	POLICY_FRESH,
	POLICY_STALE,   /* the policy's `stale: after` is over, and what it says then holds */
	POLICY_EXPIRED, /* its `hard` is: nothing is allowed */
};

/* Which it is at `now`; `ret_until` is when it will be another one if the server says nothing more,
 * INT64_MAX: never.  `word` NULL: the policy is no server's. */
enum policy_age_state policy_age_at(const struct server_word *word, const struct policy *policy,
				    int64_t now, int64_t *ret_until);

/* Takes from `judgement`, which is to be number `number` on the record, what the state does not
 * allow, and lets none count longer than the state does. */
must_use int policy_age_apply(const struct server_word *word, const struct policy *policy,
			      int64_t now, uint64_t number, struct judgement *judgement);

#endif
