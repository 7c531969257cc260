/* SPDX-License-Identifier: MIT */
/* How a judgement reads in one word. */
#ifndef COMMON_RECORD_VERDICT_H
#define COMMON_RECORD_VERDICT_H

#include "common/record.h"

/* "allow", "deny", "approve", "would-deny", "would-approve"; "unknown" for what no agent writes. */
const char *record_verdict(const struct record_entry *judgement);

#endif
