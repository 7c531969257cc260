/* SPDX-License-Identifier: MIT */
/* How much of the record waits for the server, and what happens when no more may. */
#include <inttypes.h>

#include "tools/chaperone/doctor.h"
#include "tools/chaperone/policy_find.h"
#include "tools/chaperone/spool.h"

static const char *const THEN[] = {
	[WHEN_FULL_DENY_WRITES] = "what may write is refused",
	[WHEN_FULL_DENY] = "every statement is refused",
	[WHEN_FULL_ALLOW] = "the oldest is let go",
};

static enum report_level level_of(uint64_t waiting, uint64_t bound)
{
	if (waiting >= bound)
		return REPORT_PROBLEM;
	return waiting >= bound / 2 ? REPORT_NOTE : REPORT_GOOD;
}

void doctor_spool(struct report *report, const char *path)
{
	SCOPED(policy_source_done) struct policy_source source = { .texts = NULL };
	SCOPED(policy_freep) struct policy *policy = NULL;
	SCOPED(spool_done) struct spool spool = SPOOL_NONE;
	struct policy_found found;
	struct error error = { 0 };

	/* what is wrong with the policy is said where the policy is */
	if (policy_find(NULL, &found, &error) < 0 || found.origin != ORIGIN_SERVER ||
	    policy_found_read(&found, &source, &error) < 0 ||
	    policy_source_parse(&source, &policy, &error) < 0 || spool_look(path, &spool) < 0)
		return;
	uint64_t bound = spool_bound(policy);
	report_say(report, level_of(spool.waiting, bound), "record",
		   "%" PRIu64 " bytes wait for the server, of %" PRIu64 " that may; then %s",
		   spool.waiting, bound, THEN[policy->when_full]);
}
