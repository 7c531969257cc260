/* SPDX-License-Identifier: MIT */
/* TZif files, version 2 and later: the 64-bit block and the rule in the footer (RFC 8536, section
 * 3). */
#include "policy/engine/zone.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/file.h"
#include "policy/engine/zone_rule.h"

#define HEADER_SIZE    44
#define TRANSITION_MAX 4000
/* Instants further away than this are answered as if they were this far: 34 million years. */
#define SECONDS_MAX ((int64_t)1 << 50)

struct transition {
	int64_t at;
	int32_t offset_seconds; /* from then on */
};

struct zone {
	int32_t first_offset_seconds; /* before the first transition */
	struct transition *transitions;
	size_t count;
	bool has_rule;
	struct zone_rule rule; /* from the last transition on */
};

struct zone_cache_entry {
	const char *name;
	const struct zone *zone;
};

/* The six counts of a header, in the file's order. */
struct counts {
	uint32_t utc_marks, standard_marks, leaps, times, types, characters;
};

static uint64_t big_endian(const char *at, size_t bytes)
{
	uint64_t number = 0;

	for (size_t i = 0; i < bytes; i++)
		number = number << 8 | (unsigned char)at[i];
	return number;
}

/* Takes a header from the front.  The counts are so small that sizes made of them do not overflow.
 * */
static bool take_header(struct slice *bytes, struct counts *ret_counts)
{
	uint32_t counts[6];

	if (bytes->length < HEADER_SIZE || !slice_starts_with(*bytes, "TZif") || bytes->at[4] < '2')
		return false;
	for (size_t i = 0; i < COUNT_OF(counts); i++) {
		counts[i] = (uint32_t)big_endian(bytes->at + 20 + 4 * i, 4);
		if (counts[i] > TRANSITION_MAX)
			return false;
	}
	*ret_counts =
		(struct counts){ counts[0], counts[1], counts[2], counts[3], counts[4], counts[5] };
	*bytes = slice_part(*bytes, HEADER_SIZE, bytes->length);
	return true;
}

static size_t block_size(const struct counts *counts, size_t time_size)
{
	return counts->times * (time_size + 1) + counts->types * 6u + counts->characters +
	       counts->leaps * (time_size + 4) + counts->standard_marks + counts->utc_marks;
}

static int read_transitions(struct arena *arena, const char *block, const struct counts *counts,
			    struct zone *zone)
{
	const char *kinds = block + counts->times * 8u;
	const char *types = kinds + counts->times;

	zone->count = counts->times;
	zone->transitions = arena_get(arena, (zone->count + 1) * sizeof(*zone->transitions));
	if (!zone->transitions)
		return -ENOMEM;
	zone->first_offset_seconds = (int32_t)big_endian(types, 4);
	for (size_t i = 0; i < zone->count; i++) {
		unsigned char kind = (unsigned char)kinds[i];
		int64_t at = (int64_t)big_endian(block + 8 * i, 8);

		if (kind >= counts->types || (i > 0 && at <= zone->transitions[i - 1].at))
			return -EBADMSG;
		zone->transitions[i].at = at;
		zone->transitions[i].offset_seconds = (int32_t)big_endian(types + kind * 6, 4);
	}
	return 0;
}

static int read_footer(struct slice bytes, struct zone *zone)
{
	if (bytes.length < 2 || bytes.at[0] != '\n')
		return -EBADMSG;
	bytes = slice_part(bytes, 1, bytes.length);
	struct slice text = slice_cut(&bytes, '\n');
	if (!bytes.at)
		return -EBADMSG;
	if (text.length == 0)
		return 0;
	zone->has_rule = true;
	return zone_rule_read(text, &zone->rule) < 0 ? -EBADMSG : 0;
}

int zone_parse(struct arena *arena, struct slice bytes, const struct zone **ret_zone)
{
	struct counts counts;

	/* The first block has 32-bit times and is there for old readers. */
	if (!take_header(&bytes, &counts) || bytes.length < block_size(&counts, 4))
		return -EBADMSG;
	bytes = slice_part(bytes, block_size(&counts, 4), bytes.length);
	/* Zones with leap seconds count other seconds than clocks do. */
	if (!take_header(&bytes, &counts) || bytes.length < block_size(&counts, 8) ||
	    counts.types == 0 || counts.leaps > 0)
		return -EBADMSG;
	struct zone *zone = arena_get(arena, sizeof(*zone));
	if (!zone)
		return -ENOMEM;
	int r = read_transitions(arena, bytes.at, &counts, zone);
	if (r == 0)
		r = read_footer(slice_part(bytes, block_size(&counts, 8), bytes.length), zone);
	if (r == 0)
		*ret_zone = zone;
	return r;
}

static bool is_zone_character(char c)
{
	bool is_letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';

	return is_letter || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '+';
}

static bool is_zone_name(struct slice name)
{
	if (name.length == 0 || name.length > ZONE_NAME_MAX || slice_is(name, "localtime"))
		return false;
	while (name.at) {
		struct slice part = slice_cut(&name, '/');

		if (part.length == 0 || part.at[0] == '.' || part.at[0] == '-')
			return false;
		for (size_t i = 0; i < part.length; i++) {
			if (!is_zone_character(part.at[i]))
				return false;
		}
	}
	return true;
}

int zone_read(struct arena *arena, const char *name, const struct zone **ret_zone,
	      struct error *error)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(ZONE_FILE_MAX);
	char path[sizeof(ZONE_FOLDER) + ZONE_NAME_MAX + 2];

	if (!is_zone_name(slice_of(name)))
		return error_set(
			error, -EINVAL,
			"expected the name of a time zone such as Europe/Berlin, not '%.64s'",
			name);
	snprintf(path, sizeof(path), ZONE_FOLDER "/%s", name);
	int r = file_read(path, &text);
	if (r == -ENOMEM)
		return error_system(error, r, "cannot read the time zone");
	if (r < 0)
		return error_set(error, -ENOENT, "there is no time zone '%s' (looked for in %s)",
				 name, ZONE_FOLDER);
	r = zone_parse(arena, buf_view(&text), ret_zone);
	if (r == -ENOMEM)
		return error_system(error, r, "cannot read the time zone");
	if (r < 0)
		return error_set(error, r,
				 "'%s' is not a time zone: %s is not a TZif file of version 2 "
				 "or later without leap seconds",
				 name, path);
	return 0;
}

static struct zone_answer zone_at_transition(const struct zone *zone, size_t index, int64_t seconds)
{
	if (index == 0)
		return (struct zone_answer){ zone->first_offset_seconds,
					     zone->count ? zone->transitions[0].at : INT64_MAX };
	if (index < zone->count)
		return (struct zone_answer){ zone->transitions[index - 1].offset_seconds,
					     zone->transitions[index].at };
	if (zone->has_rule)
		return zone_rule_at(&zone->rule, seconds);
	return (struct zone_answer){ zone->transitions[index - 1].offset_seconds, INT64_MAX };
}

struct zone_answer zone_at(const struct zone *zone, int64_t seconds)
{
	size_t low = 0, high = zone->count;

	if (seconds > SECONDS_MAX || seconds < -SECONDS_MAX)
		seconds = seconds > 0 ? SECONDS_MAX : -SECONDS_MAX;
	/* A zone that never changed has its rule alone. */
	if (zone->count == 0 && zone->has_rule)
		return zone_rule_at(&zone->rule, seconds);
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (zone->transitions[middle].at <= seconds)
			low = middle + 1;
		else
			high = middle;
	}
	return zone_at_transition(zone, low, seconds);
}

int zone_cached(struct zone_cache *cache, struct arena *arena, const char *name,
		const struct zone **ret_zone, struct error *error)
{
	for (size_t i = 0; i < cache->count; i++) {
		if (strcmp(cache->entries[i].name, name) == 0) {
			*ret_zone = cache->entries[i].zone;
			return 0;
		}
	}
	struct zone_cache_entry *entries =
		arena_grow(arena, cache->entries, cache->count, sizeof(*entries));
	if (!entries)
		return error_system(error, -ENOMEM, "cannot read the time zone");
	cache->entries = entries;
	entries[cache->count].name = name;
	int r = zone_read(arena, name, &entries[cache->count].zone, error);
	if (r < 0)
		return r;
	*ret_zone = entries[cache->count++].zone;
	return 0;
}
