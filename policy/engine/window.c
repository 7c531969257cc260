/* SPDX-License-Identifier: MIT */
/* Windows as the minutes of the local week at which they begin and end. */
#include "policy/engine/window.h"

#include <errno.h>
#include <string.h>

#include "policy/engine/civil.h"
#include "policy/engine/window_words.h"

/* Two edges a day at most: one span for each day of `days`. */
#define FLIPS_MAX 14
/* Steps from edge to edge before an answer is given up as "good until there": a week has 14 edges,
 * and a zone changes
 * its clock less often than that. */
#define STEPS_MAX 64

struct window {
	const struct zone *zone;
	int64_t since, until; /* INT64_MIN, INT64_MAX when not given */
	/* Minutes of the week, from Monday 00:00, at which the answer changes. */
	uint16_t flips[FLIPS_MAX];
	uint8_t flip_count;
	bool holds_at_week_start; /* the answer before flips[0], which may itself be 0 */
};

static const char DAY_NAMES[] = "mon tue wed thu fri sat sun ";

int clock_read(const char *text, struct clock_time *ret_time)
{
	struct clock_time time = { true, CLOCK_NO_DAY, 0 };
	struct slice rest = slice_of(text);

	for (int day = 0; day < 7; day++) {
		struct slice name = { DAY_NAMES + day * 4, 4 };

		if (slice_equal(slice_part(rest, 0, 4), name)) {
			time.day = (int8_t)day;
			rest = slice_part(rest, 4, rest.length);
			break;
		}
	}
	uint64_t hour, minute;
	if (rest.length != 5 || rest.at[2] != ':' ||
	    slice_to_u64(slice_part(rest, 0, 2), &hour) < 0 ||
	    slice_to_u64(slice_part(rest, 3, 2), &minute) < 0 || hour > 23 || minute > 59)
		return -EINVAL;
	time.minute = (uint16_t)(hour * 60 + minute);
	*ret_time = time;
	return 0;
}

const char *window_words_fault(const struct window_words *words)
{
	bool from_day = words->from.day != CLOCK_NO_DAY, to_day = words->to.day != CLOCK_NO_DAY;

	if (words->has_since && words->has_until && words->since >= words->until)
		return "'since' is not earlier than 'until', so that this window is never open";
	if (!words->from.is_given)
		return NULL;
	if (from_day != to_day)
		return "'from' and 'to' both name a weekday, or neither does";
	if (from_day && words->has_days)
		return "'days' cannot stand beside weekdays in 'from' and 'to'";
	if (words->from.minute == words->to.minute && words->from.day == words->to.day)
		return "'from' and 'to' are the same; for whole days leave both out";
	return NULL;
}

/* Marks the minutes from `first` on, around the end of the week if need be. */
static void mark(bool *minutes, int first, int count)
{
	for (int i = 0; i < count; i++)
		minutes[(first + i) % MINUTES_OF_WEEK] = true;
}

static void mark_words(bool *minutes, const struct window_words *words)
{
	int first = words->from.is_given ? words->from.minute : 0;
	int length = words->to.is_given ? words->to.minute - first : MINUTES_OF_DAY;

	if (words->from.is_given && words->from.day != CLOCK_NO_DAY) {
		first += words->from.day * MINUTES_OF_DAY;
		length = words->to.day * MINUTES_OF_DAY + words->to.minute - first;
		mark(minutes, first, length < 0 ? length + MINUTES_OF_WEEK : length);
		return;
	}
	/* A span that crosses midnight belongs to the day on which it starts. */
	if (length < 0)
		length += MINUTES_OF_DAY;
	for (int day = 0; day < 7; day++) {
		if (!words->has_days || (words->days >> day & 1))
			mark(minutes, day * MINUTES_OF_DAY + first, length);
	}
}

int window_new(struct arena *arena, const struct window_words *words, const struct zone *zone,
	       struct window **ret_window)
{
	SCOPED(free_p) bool *minutes = calloc(MINUTES_OF_WEEK, sizeof(bool));
	struct window *window = arena_get(arena, sizeof(*window));

	if (!minutes || !window)
		return -ENOMEM;
	mark_words(minutes, words);
	window->zone = zone;
	window->since = words->has_since ? words->since : INT64_MIN;
	window->until = words->has_until ? words->until : INT64_MAX;
	window->holds_at_week_start = minutes[MINUTES_OF_WEEK - 1];
	for (int i = 0; i < MINUTES_OF_WEEK && window->flip_count < FLIPS_MAX; i++) {
		if (minutes[i] != minutes[(i + MINUTES_OF_WEEK - 1) % MINUTES_OF_WEEK])
			window->flips[window->flip_count++] = (uint16_t)i;
	}
	*ret_window = window;
	return 0;
}

bool window_is_possible(const struct window *window)
{
	return window->flip_count > 0 || window->holds_at_week_start;
}

/* The answer of the weekly pattern alone, good at least until the clock changes or the week has
 * its next edge. */
static struct window_answer week_at(const struct window *window, int64_t now)
{
	struct zone_answer zone = zone_at(window->zone, now);
	int64_t local =
		floor_remainder(now + zone.offset_seconds + 3 * (int64_t)DAY_SECONDS, WEEK_SECONDS);
	size_t passed = 0;

	if (window->flip_count == 0)
		return (struct window_answer){ window->holds_at_week_start, INT64_MAX };
	while (passed < window->flip_count && window->flips[passed] * 60 <= local)
		passed++;
	int64_t edge = passed < window->flip_count ? window->flips[passed] * 60
						   : window->flips[0] * 60 + WEEK_SECONDS;
	int64_t until = now + edge - local;
	return (struct window_answer){ window->holds_at_week_start != (passed % 2 == 1),
				       until < zone.until ? until : zone.until };
}

/* The next edge behind `week`, which is the pattern's answer for some moment; `until` of the
 * window is not crossed. */
static struct window_answer find_edge(const struct window *window, struct window_answer week)
{
	bool holds = week.holds;

	for (int i = 0; i < STEPS_MAX && week.until < window->until; i++) {
		struct window_answer next = week_at(window, week.until);

		if (next.holds != holds)
			return (struct window_answer){ holds, week.until };
		week.until = next.until;
	}
	if (week.until < window->until)
		return (struct window_answer){ holds, week.until };
	return (struct window_answer){ holds, holds ? window->until : INT64_MAX };
}

struct window_answer window_at(const struct window *window, int64_t now)
{
	const int64_t limit = (int64_t)1 << 50; /* beyond 34 million years nothing changes */

	if (now >= window->until)
		return (struct window_answer){ false, INT64_MAX };
	if (now > limit || now < -limit)
		now = now > 0 ? limit : -limit;
	if (now >= window->since)
		return find_edge(window, week_at(window, now));
	struct window_answer first = week_at(window, window->since);
	return first.holds ? (struct window_answer){ false, window->since }
			   : find_edge(window, first);
}
