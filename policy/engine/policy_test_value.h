/* SPDX-License-Identifier: MIT */
/* Data in test files: scalars that keep their kind, and rows of them. */
#ifndef POLICY_ENGINE_POLICY_TEST_VALUE_H
#define POLICY_ENGINE_POLICY_TEST_VALUE_H

#include "policy/engine/bind.h"

ADDS(policy_test_add_value); /* struct policy_test_values */
ADDS(policy_test_add_row);   /* struct policy_test_rows */

#endif
