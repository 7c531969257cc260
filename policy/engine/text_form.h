/* SPDX-License-Identifier: MIT */
/* The patterns of policy-v1.json and policy-test-v1.json that texts must match. */
#ifndef POLICY_ENGINE_TEXT_FORM_H
#define POLICY_ENGINE_TEXT_FORM_H

#include <stdbool.h>

#include "common/slice.h"

bool text_is_id(struct slice text);       /* [a-z][a-z0-9-]{0,62} */
bool text_is_name(struct slice text);     /* [a-z*][a-z0-9*-]{0,62} */
bool text_is_column(struct slice text);   /* two or more parts between dots */
bool text_is_sqlstate(struct slice text); /* [0-9A-Z]{5} */

#endif
