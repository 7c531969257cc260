/* SPDX-License-Identifier: MIT */
/* Loading the policy in force. */
#include "tools/chaperone/policy_load.h"

#include <errno.h>
#include <string.h>

int policy_load(const char *option, bool is_trial, struct policy_loaded *ret_loaded,
		struct error *error)
{
	SCOPED(policy_source_done) struct policy_source source = { .texts = NULL };
	SCOPED(policy_freep) struct policy *policy = NULL;
	int r = policy_find(option, &ret_loaded->found, error);

	if (r == 0)
		r = policy_found_read(&ret_loaded->found, &source, error);
	if (r == 0)
		r = policy_source_parse(&source, &policy, error);
	if (r < 0)
		return r;
	if (policy_unenforced(policy, 0, error))
		return -ENOTSUP;
	policy->is_trial = policy->is_trial || is_trial;
	memcpy(ret_loaded->digest, source.digest, sizeof(source.digest));
	ret_loaded->policy = steal(policy);
	return 0;
}

bool policy_is_current(const struct policy_loaded *loaded)
{
	SCOPED(policy_source_done) struct policy_source source = { .texts = NULL };
	struct error error;

	return policy_found_read(&loaded->found, &source, &error) == 0 &&
	       memcmp(source.digest, loaded->digest, sizeof(loaded->digest)) == 0;
}
