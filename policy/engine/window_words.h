/* SPDX-License-Identifier: MIT */
/* What `during` says, before it is a window. */
#ifndef POLICY_ENGINE_WINDOW_WORDS_H
#define POLICY_ENGINE_WINDOW_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "policy/engine/arena.h"
#include "policy/engine/window.h"
#include "policy/engine/zone.h"

#define MINUTES_OF_DAY  1440
#define MINUTES_OF_WEEK (7 * MINUTES_OF_DAY)
#define CLOCK_NO_DAY    -1

/* "16:00" or "fri 16:00". */
struct clock_time {
	bool is_given;
	int8_t day; /* 0 for Monday; CLOCK_NO_DAY without one */
	uint16_t minute;
};

/* -EINVAL for anything but "hh:mm" with or without "mon " and so on before it. */
must_use int clock_read(const char *text, struct clock_time *ret_time);

struct window_words {
	bool has_days, has_since, has_until;
	unsigned days; /* bit 0 for Monday */
	struct clock_time from, to;
	const char *zone;
	int64_t since, until; /* seconds since 1970 */
};

/* Why the words make no window; NULL when they do. */
const char *window_words_fault(const struct window_words *words);

/* Makes the window, which borrows `zone`.  -ENOMEM. */
must_use int window_new(struct arena *arena, const struct window_words *words,
			const struct zone *zone, struct window **ret_window);

/* Whether any minute of the week is in the window, whatever `since` and `until` say. */
bool window_is_possible(const struct window *window);

#endif
