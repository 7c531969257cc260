/* SPDX-License-Identifier: MIT */
/* Moments as people write them. */
#ifndef TOOLS_COMMAND_WHEN_H
#define TOOLS_COMMAND_WHEN_H

#include <stdint.h>

#include "common/cleanup.h"

/* What when_read takes. */
#define WHEN_FORMS "\"2026-11-22 18:45\", RFC 3339, or an age such as 30m, 2h, 7d"

/* For option rows: reads "90s", "30m", "2h" or "7d", of 200 years at most, into a uint64_t of nanoseconds. */
must_use int when_read_duration(const char *text, void *ret_ns);

/* For option rows: reads "2026-11-22", "2026-11-22 18:45[:01]" (local time), RFC 3339, or an age ("90s",
 * "30m", "2h", "7d") into a uint64_t, nanoseconds since 1970. */
must_use int when_read(const char *text, void *ret_ns);

#endif
