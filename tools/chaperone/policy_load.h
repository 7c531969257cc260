/* SPDX-License-Identifier: MIT */
/* From "which policy is in force" to rules that an agent can judge by. */
#ifndef TOOLS_CHAPERONE_POLICY_LOAD_H
#define TOOLS_CHAPERONE_POLICY_LOAD_H

#include "tools/chaperone/policy_find.h"

struct policy_loaded {
	struct policy_found found;
	struct policy *policy;
	unsigned char digest[SHA256_SIZE]; /* of the files as they were read */
};

/* Finds, reads and checks the policy.  One that contains what nothing enforces yet is -ENOTSUP and
 * is named. */
must_use int policy_load(const char *option, bool is_trial, struct policy_loaded *ret_loaded,
			 struct error *error);

/* Whether the files still are what was loaded. */
bool policy_is_current(const struct policy_loaded *loaded);

#endif
