/* SPDX-License-Identifier: MIT */
/* The rule behind the last transition of a TZif file: a TZ string of POSIX with RFC 8536's longer
 * hours. */
#ifndef POLICY_ENGINE_ZONE_RULE_H
#define POLICY_ENGINE_ZONE_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/slice.h"
#include "policy/engine/zone.h"

enum zone_day_form {
	ZONE_DAY_JULIAN,   /* Jn: 1..365, 29 February is never counted */
	ZONE_DAY_OF_YEAR,  /* n: 0..365 */
	ZONE_DAY_OF_MONTH, /* Mm.w.d */
};

/* When in a year the clock changes, in local time. */
struct zone_change {
	enum zone_day_form form;
	int day, week, month;
	int32_t time_seconds; /* -167 to 167 hours */
};

struct zone_rule {
	int32_t standard_seconds, summer_seconds; /* to add to UTC */
	bool has_summer;
	struct zone_change to_summer, to_standard;
};

/* Reads "CET-1CEST,M3.5.0,M10.5.0/3".  -EINVAL for anything else. */
must_use int zone_rule_read(struct slice text, struct zone_rule *ret_rule);

struct zone_answer zone_rule_at(const struct zone_rule *rule, int64_t seconds);

#endif
