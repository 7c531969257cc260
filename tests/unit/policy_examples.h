/* SPDX-License-Identifier: MIT */
/* Reading example policies in tests. */
#ifndef TESTS_UNIT_POLICY_EXAMPLES_H
#define TESTS_UNIT_POLICY_EXAMPLES_H

#include <check.h>

#include "policy/engine/policy.h"

#define EXAMPLES SOURCE_ROOT "/doc/examples/policy/"
#define HEAD     "version: 1\nname: x\n"

static inline struct policy *read_or_fail(const char *path)
{
	struct policy *policy = NULL;
	struct error error = { 0 };
	char line[1024] = "";

	if (policy_read(path, &policy, &error) < 0)
		error_format(&error, line, sizeof(line));
	ck_assert_msg(policy != NULL, "%s", line);
	return policy;
}

#endif
