/* SPDX-License-Identifier: MIT */
/* One policy test, judged and compared. */
#ifndef TOOLS_POLICY_TEST_OUTCOME_H
#define TOOLS_POLICY_TEST_OUTCOME_H

#include <stdbool.h>

#include "common/buf.h"
#include "policy/engine/policy_test.h"

struct test_outcome {
	const struct policy_test *test;
	bool could_run;
	struct buf differences; /* one line each; empty when the test passed */
};

/* Judges the test under the policy.  Never fails: what cannot be run is an outcome that says so. */
void test_outcome_find(const struct policy *policy, const struct policy_test_file *file,
		       const struct policy_test *test, struct test_outcome *ret_outcome);
void test_outcome_done(struct test_outcome *outcome);
bool test_outcome_passed(const struct test_outcome *outcome);

#endif
