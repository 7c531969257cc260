/* SPDX-License-Identifier: MIT */
/* The policy in force: where it was found, whether it is trusted, what is wrong with it, what `run`
 * would refuse. */
#include <time.h>

#include "policy/engine/policy_check.h"
#include "tools/chaperone/doctor.h"
#include "tools/chaperone/policy_find.h"

struct counting {
	struct policy_finder finder; /* first: the callback gets its address */
	size_t errors, warnings;
};

static void count(struct policy_finder *finder, const struct policy_finding *finding)
{
	struct counting *counting = (struct counting *)finder;

	if (finding->severity == FINDING_ERROR)
		counting->errors++;
	else
		counting->warnings++;
}

static void say_error(struct report *report, const struct error *error)
{
	char line[1024];

	error_format(error, line, sizeof(line));
	report_say(report, REPORT_PROBLEM, "policy", "%s", line);
}

static void look_at_rules(struct report *report, const struct policy_found *found,
			  const struct policy *policy)
{
	struct counting counting = { { count, (int64_t)time(NULL) }, 0, 0 };
	struct error error = { 0 };

	policy_check(policy, &counting.finder);
	report_say(report, REPORT_GOOD, "policy", "%s  %s  (%s)  %s  %s", found->path,
		   policy->files[0].name, policy_origin_text(found->origin),
		   found->needs_trust ? "trusted" : "needs no trust",
		   policy->is_trial ? "trial" : "enforce");
	if (counting.errors + counting.warnings > 0)
		report_say(report, counting.errors ? REPORT_PROBLEM : REPORT_NOTE, "policy",
			   "%zu errors, %zu warnings: chaperone policy check %s", counting.errors,
			   counting.warnings, found->path);
	for (size_t i = 0; policy_unenforced(policy, i, &error); i++) {
		say_error(report, &error);
		error = (struct error){ 0 };
	}
}

void doctor_policy(struct report *report, const char *option)
{
	SCOPED(policy_source_done) struct policy_source source = { .texts = NULL };
	SCOPED(policy_freep) struct policy *policy = NULL;
	struct policy_found found;
	struct error error = { 0 };

	if (policy_find(option, &found, &error) < 0 ||
	    policy_found_read(&found, &source, &error) < 0 ||
	    policy_source_parse(&source, &policy, &error) < 0)
		say_error(report, &error);
	else
		look_at_rules(report, &found, policy);
}
