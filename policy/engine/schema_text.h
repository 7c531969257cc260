/* SPDX-License-Identifier: MIT */
/* The JSON Schemas for editors, as they stand in doc/schema/. */
#ifndef POLICY_ENGINE_SCHEMA_TEXT_H
#define POLICY_ENGINE_SCHEMA_TEXT_H

#include "common/slice.h"

struct slice policy_schema_text(void);
struct slice policy_test_schema_text(void);

#endif
