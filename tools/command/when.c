/* SPDX-License-Identifier: MIT */
#include "tools/command/when.h"

#include <errno.h>
#include <time.h>

#include "common/clock.h"
#include "common/slice.h"

static const struct {
	char unit;
	uint64_t seconds;
} AGES[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };

#define AGE_MAX_S (200u * 366 * 86400)

static int parse_age(struct slice text, uint64_t now_ns, uint64_t *ret_ns)
{
	uint64_t count;

	if (text.length < 2)
		return -EINVAL;
	char unit = text.at[text.length - 1];
	if (slice_to_u64(slice_part(text, 0, text.length - 1), &count) < 0 || count > AGE_MAX_S)
		return -EINVAL;
	for (size_t i = 0; i < COUNT_OF(AGES); i++) {
		if (AGES[i].unit != unit || count > AGE_MAX_S / AGES[i].seconds)
			continue;
		uint64_t age_ns = count * AGES[i].seconds * SECOND_NS;
		*ret_ns = age_ns < now_ns ? now_ns - age_ns : 0;
		return 0;
	}
	return -EINVAL;
}

static int parse(const char *text, uint64_t now_ns, uint64_t *ret_ns)
{
	static const struct {
		const char *format;
		bool has_zone;
	} FORMATS[] = {
		{ "%Y-%m-%dT%H:%M:%S%z", true }, { "%Y-%m-%d %H:%M:%S", false },
		{ "%Y-%m-%dT%H:%M:%S", false },  { "%Y-%m-%d %H:%M", false },
		{ "%Y-%m-%dT%H:%M", false },     { "%Y-%m-%d", false },
	};

	if (parse_age(slice_of(text), now_ns, ret_ns) == 0)
		return 0;
	for (size_t i = 0; i < COUNT_OF(FORMATS); i++) {
		struct tm parts = { .tm_isdst = -1 };
		const char *end = strptime(text, FORMATS[i].format, &parts);

		if (!end || *end != '\0')
			continue;
		long offset_s = parts.tm_gmtoff;
		time_t seconds = FORMATS[i].has_zone ? timegm(&parts) - offset_s : mktime(&parts);
		if (seconds < 0)
			return -EINVAL;
		*ret_ns = (uint64_t)seconds * SECOND_NS;
		return 0;
	}
	return -EINVAL;
}

int when_read(const char *text, void *ret_ns)
{
	return parse(text, realtime_ns(), ret_ns);
}
