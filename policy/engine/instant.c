/* SPDX-License-Identifier: MIT */
/* Reading RFC 3339 instants. */
#include <errno.h>

#include "common/slice.h"
#include "policy/engine/civil.h"
#include "policy/engine/window.h"

struct part {
	unsigned char offset, length;
	char before; /* what stands in front; 0 at the start; 'T' also as 't' or a blank */
	unsigned short minimum, maximum;
};

/* "2026-11-18T14:00:00" */
static const struct part PARTS[] = {
	{ 0, 4, 0, 0, 9999 },  { 5, 2, '-', 1, 12 },  { 8, 2, '-', 1, 31 },
	{ 11, 2, 'T', 0, 23 }, { 14, 2, ':', 0, 59 }, { 17, 2, ':', 0, 60 },
};

static bool is_before(char c, const struct part *part)
{
	return c == part->before || (part->before == 'T' && (c == 't' || c == ' '));
}

static int read_part(struct slice text, const struct part *part, int *ret_number)
{
	uint64_t number;
	struct slice digits = slice_part(text, part->offset, part->length);

	if (digits.length != part->length || slice_to_u64(digits, &number) < 0 ||
	    number < part->minimum || number > part->maximum)
		return -EINVAL;
	if (part->before && !is_before(text.at[part->offset - 1], part))
		return -EINVAL;
	*ret_number = (int)number;
	return 0;
}

/* Z, or +hh:mm and -hh:mm, in seconds. */
static int read_offset(struct slice text, int64_t *ret_seconds)
{
	uint64_t hours, minutes;

	if (slice_is(text, "Z") || slice_is(text, "z")) {
		*ret_seconds = 0;
		return 0;
	}
	if (text.length != 6 || (text.at[0] != '+' && text.at[0] != '-') || text.at[3] != ':' ||
	    slice_to_u64(slice_part(text, 1, 2), &hours) < 0 ||
	    slice_to_u64(slice_part(text, 4, 2), &minutes) < 0 || hours > 23 || minutes > 59)
		return -EINVAL;
	int64_t seconds = (int64_t)(hours * 3600 + minutes * 60);
	*ret_seconds = text.at[0] == '-' ? -seconds : seconds;
	return 0;
}

/* Drops ".123": windows know whole seconds. */
static int skip_fraction(struct slice *text)
{
	size_t digits = 1;

	if (!slice_starts_with(*text, "."))
		return 0;
	while (digits < text->length && text->at[digits] >= '0' && text->at[digits] <= '9')
		digits++;
	*text = slice_part(*text, digits, text->length);
	return digits > 1 ? 0 : -EINVAL;
}

int instant_read(const char *text, int64_t *ret_seconds)
{
	struct slice whole = slice_of(text), rest = slice_part(whole, 19, whole.length);
	int number[6];
	int64_t offset;

	for (int i = 0; i < 6; i++) {
		if (read_part(whole, &PARTS[i], &number[i]) < 0)
			return -EINVAL;
	}
	bool is_leap = year_is_leap(number[0]);
	if (number[2] > month_days(number[1], is_leap) || skip_fraction(&rest) < 0 ||
	    read_offset(rest, &offset) < 0)
		return -EINVAL;
	int64_t day = year_start(number[0]) + month_start(number[1], is_leap) + number[2] - 1;
	*ret_seconds = day * DAY_SECONDS + number[3] * 3600 + number[4] * 60 + number[5] - offset;
	return 0;
}
