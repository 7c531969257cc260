/* SPDX-License-Identifier: MIT */
#include "tools/command/when.h"

#include <errno.h>
#include <time.h>

#include "common/clock.h"
#include "common/slice.h"

static const struct {
	char unit;
	uint64_t seconds;
} UNITS[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };

#define DURATION_MAX_S (UINT64_C(200) * 366 * 86400)

static int parse_duration(struct slice text, uint64_t *ret_ns)
{
	uint64_t count;

	if (text.length < 2)
		return -EINVAL;
	char unit = text.at[text.length - 1];
	if (slice_to_u64(slice_part(text, 0, text.length - 1), &count) < 0 ||
	    count > DURATION_MAX_S)
		return -EINVAL;
	for (size_t i = 0; i < COUNT_OF(UNITS); i++) {
		if (UNITS[i].unit != unit || count > DURATION_MAX_S / UNITS[i].seconds)
			continue;
		*ret_ns = count * UNITS[i].seconds * SECOND_NS;
		return 0;
	}
	return -EINVAL;
}

int when_read_duration(const char *text, void *ret_ns)
{
	return parse_duration(slice_of(text), ret_ns);
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
	uint64_t age_ns;

	if (parse_duration(slice_of(text), &age_ns) == 0) {
		*ret_ns = age_ns < now_ns ? now_ns - age_ns : 0;
		return 0;
	}
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
