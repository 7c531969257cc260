/* SPDX-License-Identifier: MIT */
/* Time windows of rules (`during`): wall-clock times in a named zone, both changes of the clock
 * included. */
#ifndef POLICY_ENGINE_WINDOW_H
#define POLICY_ENGINE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/error.h"

struct window;

/* Seconds since 1970 in which a window holds or does not, and when that ends. */
struct window_answer {
	bool holds;
	/* the next edge: the answer is good before it; INT64_MAX when there is none */
	int64_t until;
};

struct window_answer window_at(const struct window *window, int64_t now);

/* Reads an RFC 3339 instant ("2026-11-18T14:00:00+01:00") to seconds since 1970. */
must_use int instant_read(const char *text, int64_t *ret_seconds);

#endif
