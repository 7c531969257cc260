/* SPDX-License-Identifier: MIT */
/* Carries a mask plan out on the rows of a policy test, as the shim does on a result. */
#ifndef TOOLS_POLICY_TEST_ROWS_H
#define TOOLS_POLICY_TEST_ROWS_H

#include <stdbool.h>

#include "common/buf.h"
#include "policy/engine/policy_test.h"

/* Masks `returns` by the plan (empty: not at all) of the call's statement `statement` and
 * compares with the rows that the test wants.  Writes one line per difference to `out`;
 * `*ret_found` says whether something was found inside text and masked. */
must_use int test_rows_compare(const struct policy_test *test, struct slice plan,
			       uint32_t statement, struct buf *out, bool *ret_found);

#endif
