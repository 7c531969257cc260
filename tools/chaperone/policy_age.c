/* SPDX-License-Identifier: MIT */
#include "tools/chaperone/policy_age.h"

#include "tools/chaperone/denial.h"

#define MS_PER_S 1000u

static int64_t later(int64_t time, uint64_t by_ms)
{
	uint64_t by = by_ms / MS_PER_S;

	return by > (uint64_t)(INT64_MAX - time) ? INT64_MAX : time + (int64_t)by;
}

enum policy_age_state policy_age_at(const struct server_word *word, const struct policy *policy,
				    int64_t now, int64_t *ret_until)
{
	*ret_until = INT64_MAX;
	if (!word)
		return POLICY_FRESH;
	int64_t issued = word->issued;
	int64_t stale = word->expires, expired = INT64_MAX;

	if (policy->has_stale && later(issued, policy->stale_after_ms) > stale)
		stale = later(issued, policy->stale_after_ms);
	if (policy->has_stale && policy->stale_hard_ms > 0)
		expired = later(issued, policy->stale_hard_ms);
	if (now >= expired)
		return POLICY_EXPIRED;
	*ret_until = now < stale && stale < expired ? stale : expired;
	return now < stale ? POLICY_FRESH : POLICY_STALE;
}

static const struct denial STALE_WRITE = {
	.reason = REASON_STALE,
	.sqlstate = "42501",
	.what = "it may write, and the policy may be out of date",
	.why = "The server has not said for too long that this policy is its newest.",
	.hint = "Reads go on. `chaperone status` says why the server is not reached.",
};

static const struct denial STALE = {
	.reason = REASON_STALE,
	.sqlstate = "42501",
	.what = "the policy may be out of date",
	.why = "The server has not said for too long that this policy is its newest.",
	.hint = "`chaperone status` says why the server is not reached.",
};

static const struct denial EXPIRED = {
	.reason = REASON_STALE,
	.sqlstate = "ZG704",
	.what = "the policy has expired",
	.why = "The server has not been reached for longer than the policy lets it count.",
	.hint = "`chaperone status` says why the server is not reached.",
};

static const struct denial *denial_of(enum policy_age_state state, const struct policy *policy,
				      const struct judgement *judgement)
{
	if (state == POLICY_FRESH || judgement->decision != DECISION_ALLOW || policy->is_trial)
		return NULL;
	if (state == POLICY_EXPIRED)
		return &EXPIRED;
	if (!policy->has_stale || policy->stale_then == STALE_KEEP)
		return NULL;
	if (policy->stale_then == STALE_DENY)
		return &STALE;
	return judgement->writes ? &STALE_WRITE : NULL;
}

int policy_age_apply(const struct server_word *word, const struct policy *policy, int64_t now,
		     uint64_t number, struct judgement *judgement)
{
	int64_t until;
	enum policy_age_state state = policy_age_at(word, policy, now, &until);
	const struct denial *denial = denial_of(state, policy, judgement);

	if (until < judgement->valid_until)
		judgement->valid_until = until;
	return denial ? denial_make(judgement, number, denial) : 0;
}
