/* SPDX-License-Identifier: MIT */
#include "common/record_verdict.h"

static const struct {
	const char *decision, *verdict, *would;
} VERDICTS[] = {
	{ "allow", "allow", "would-allow" },
	{ "deny", "deny", "would-deny" },
	{ "approve", "approve", "would-approve" },
};

const char *record_verdict(const struct record_entry *judgement)
{
	bool is_trial = judgement->would_decide.length &&
			!slice_equal(judgement->would_decide, judgement->decision);
	struct slice decision = is_trial ? judgement->would_decide : judgement->decision;
	for (size_t i = 0; i < COUNT_OF(VERDICTS); i++) {
		if (slice_is(decision, VERDICTS[i].decision))
			return is_trial ? VERDICTS[i].would : VERDICTS[i].verdict;
	}
	return "unknown";
}
