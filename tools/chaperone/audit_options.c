/* SPDX-License-Identifier: MIT */
/* What the options of the audit commands can say. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tools/chaperone/audit.h"
#include "tools/chaperone/places.h"

static const struct {
	char unit;
	uint64_t seconds;
} AGES[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };

#define NS_PER_SECOND 1000000000u
#define AGE_MAX_S     (200u * 366 * 86400)

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
		uint64_t age_ns = count * AGES[i].seconds * NS_PER_SECOND;
		*ret_ns = age_ns < now_ns ? now_ns - age_ns : 0;
		return 0;
	}
	return -EINVAL;
}

int audit_time_parse(const char *text, uint64_t now_ns, uint64_t *ret_ns)
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
		*ret_ns = (uint64_t)seconds * NS_PER_SECOND;
		return 0;
	}
	return -EINVAL;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

int audit_read_time(const char *text, void *ret_ns)
{
	return audit_time_parse(text, now_ns(), ret_ns);
}

int audit_read_limit(const char *text, void *ret_limit)
{
	return option_number(text, 1, AUDIT_LIMIT_MAX, ret_limit);
}

int audit_read_record(const char *text, void *ret_record)
{
	return text[0] ? place_of_record(text, ret_record, NULL) : -EINVAL;
}

bool audit_options_read(const struct option_table *table, int argc, char **argv,
			struct audit_options *ret_options, int *ret_status)
{
	struct audit_options options = { .until_ns = UINT64_MAX };
	struct error error = { .text = "" };
	char **operands = options_read(table, argc, argv, &options, ret_status);

	if (!operands)
		return false;
	if (!options.record[0] && place_of_record(NULL, options.record, &error) < 0) {
		*ret_status = command_fail(argv[0], &error);
		return false;
	}
	options.operand = operands[0];
	*ret_options = options;
	return true;
}
