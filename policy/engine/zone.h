/* SPDX-License-Identifier: MIT */
/* Time zones from the system's database (TZif, RFC 8536), read once and then answered from memory
 * alone: neither TZ
 * nor any other state of the process has a say. */
#ifndef POLICY_ENGINE_ZONE_H
#define POLICY_ENGINE_ZONE_H

#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "common/slice.h"
#include "policy/engine/arena.h"

#define ZONE_FOLDER   "/usr/share/zoneinfo"
#define ZONE_FILE_MAX (64 * KIB)
#define ZONE_NAME_MAX 64

struct zone;

/* What is added to UTC for local time, and the first second at which that may be another. */
struct zone_answer {
	int32_t offset_seconds;
	int64_t until; /* INT64_MAX: never */
};

/* Reads the zone `name` ("Europe/Berlin").  -EINVAL for what cannot be a name, -ENOENT where the
 * system has no such
 * zone, -EBADMSG where its file is not understood; `error` says which, without a place. */
must_use int zone_read(struct arena *arena, const char *name, const struct zone **ret_zone,
		       struct error *error);

/* As zone_read, from the text of a TZif file. */
must_use int zone_parse(struct arena *arena, struct slice bytes, const struct zone **ret_zone);

struct zone_answer zone_at(const struct zone *zone, int64_t seconds);

/* The zones read so far, so that each is read once for a bundle. */
struct zone_cache {
	struct zone_cache_entry *entries;
	size_t count;
};
must_use int zone_cached(struct zone_cache *cache, struct arena *arena, const char *name,
			 const struct zone **ret_zone, struct error *error);

#endif
