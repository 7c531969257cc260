/* SPDX-License-Identifier: MIT */
/* Commands that go on for as long as somebody reads what they print: `--follow`. */
#ifndef TOOLS_REMOTE_FOLLOWER_H
#define TOOLS_REMOTE_FOLLOWER_H

#include <stdbool.h>

#include "common/error.h"

/* Whether who reads standard output is gone; for remote_request's is_over, which passes `context`. */
bool follower_is_alone(const void *context);

/* Sleeps, but not when it is alone: up to half a second after a first failure, up to a minute after many
 * in a row, as chance has it, so that machines which lost their server at once do not come back at
 * once. */
void follower_pause(unsigned int failures);

/* Sleeps so long, but not when it is alone. */
void follower_sleep_ms(unsigned int ms);

/* "failed WHY" on a line.  False when nobody reads it. */
bool follower_tell_failure(const struct error *error);

#endif
