/* SPDX-License-Identifier: MIT */
/* Commands that go on for as long as somebody reads what they print: `--follow`. */
#ifndef TOOLS_REMOTE_FOLLOWER_H
#define TOOLS_REMOTE_FOLLOWER_H

#include <stdbool.h>

#include "common/error.h"
#include "common/slice.h"

/* Whether who reads standard output is gone; for remote_request's is_over, which passes `context`. */
bool follower_is_alone(const void *context);

#define FOLLOWER_PAUSE_MAX_MS 60000u

/* How long to pause after so many failures in a row: as chance has it, up to two seconds after the first one, up to a minute
 * after many, so that machines which lost their server at once do not come back at once.  `asked_for` is what the server
 * wants between (Retry-After, in seconds; `at` may be NULL): the pause begins behind it, and it counts up to a minute. */
unsigned int follower_pause_ms(unsigned int failures, struct slice asked_for);

/* Sleeps that long, but not when it is alone. */
void follower_pause(unsigned int failures, struct slice asked_for);

/* Sleeps so long, but not when it is alone. */
void follower_sleep_ms(unsigned int ms);

/* "failed WHY" on a line.  False when nobody reads it. */
bool follower_tell_failure(const struct error *error);

#endif
