/* SPDX-License-Identifier: MIT */
/* POSIX TZ strings: reading them, and the offset they give for an instant. */
#include "policy/engine/zone_rule.h"

#include <errno.h>

#include "policy/engine/civil.h"

/* Takes `c` from the front of the text, if it stands there. */
static bool take(struct slice *text, char c)
{
	if (text->length == 0 || text->at[0] != c)
		return false;
	*text = slice_part(*text, 1, text->length);
	return true;
}

static bool take_number(struct slice *text, int maximum, int *ret_number)
{
	size_t digits = 0;
	int number = 0;

	while (digits < text->length && digits < 4 && text->at[digits] >= '0' &&
	       text->at[digits] <= '9')
		number = number * 10 + (text->at[digits++] - '0');
	if (digits == 0 || number > maximum)
		return false;
	*text = slice_part(*text, digits, text->length);
	*ret_number = number;
	return true;
}

/* [+-]hh[:mm[:ss]] in seconds. */
static bool take_time(struct slice *text, int32_t *ret_seconds)
{
	int part[3] = { 0, 0, 0 };
	bool is_negative = take(text, '-');

	if (!is_negative)
		take(text, '+');
	if (!take_number(text, 167, &part[0]))
		return false;
	for (int i = 1; i < 3 && take(text, ':'); i++) {
		if (!take_number(text, 59, &part[i]))
			return false;
	}
	int32_t seconds = part[0] * 3600 + part[1] * 60 + part[2];
	*ret_seconds = is_negative ? -seconds : seconds;
	return true;
}

/* Three or more letters, or anything between < and >. */
static bool take_name(struct slice *text)
{
	bool is_quoted = take(text, '<');
	size_t length = 0;

	while (length < text->length &&
	       (is_quoted ? text->at[length] != '>'
			  : ((text->at[length] | 0x20) >= 'a' && (text->at[length] | 0x20) <= 'z')))
		length++;
	*text = slice_part(*text, length, text->length);
	return length >= 3 && (!is_quoted || take(text, '>'));
}

static bool take_day(struct slice *text, struct zone_change *change)
{
	if (take(text, 'J')) {
		change->form = ZONE_DAY_JULIAN;
		return take_number(text, 365, &change->day) && change->day >= 1;
	}
	if (!take(text, 'M')) {
		change->form = ZONE_DAY_OF_YEAR;
		return take_number(text, 365, &change->day);
	}
	change->form = ZONE_DAY_OF_MONTH;
	return take_number(text, 12, &change->month) && change->month >= 1 && take(text, '.') &&
	       take_number(text, 5, &change->week) && change->week >= 1 && take(text, '.') &&
	       take_number(text, 6, &change->day);
}

static bool take_change(struct slice *text, struct zone_change *change)
{
	change->time_seconds = 2 * 3600;
	if (!take(text, ',') || !take_day(text, change))
		return false;
	return !take(text, '/') || take_time(text, &change->time_seconds);
}

int zone_rule_read(struct slice text, struct zone_rule *ret_rule)
{
	struct zone_rule rule = { 0 };
	int32_t west;

	if (!take_name(&text) || !take_time(&text, &west))
		return -EINVAL;
	rule.standard_seconds = -west;
	rule.summer_seconds = rule.standard_seconds + 3600;
	if (text.length > 0) {
		rule.has_summer = true;
		if (!take_name(&text))
			return -EINVAL;
		if (text.length > 0 && text.at[0] != ',') {
			if (!take_time(&text, &west))
				return -EINVAL;
			rule.summer_seconds = -west;
		}
		if (!take_change(&text, &rule.to_summer) || !take_change(&text, &rule.to_standard))
			return -EINVAL;
	}
	if (text.length > 0)
		return -EINVAL;
	*ret_rule = rule;
	return 0;
}

/* The day of `year` (0-based) on which the clock changes. */
static int64_t day_in_year(const struct zone_change *change, int64_t year)
{
	bool is_leap = year_is_leap(year);

	if (change->form == ZONE_DAY_OF_YEAR)
		return change->day;
	if (change->form == ZONE_DAY_JULIAN)
		return change->day - 1 + (is_leap && change->day >= 60);
	int first = month_start(change->month, is_leap);
	/* POSIX counts weekdays from Sunday; `week` 5 is the last one of the month. */
	int wanted = (change->day + 6) % 7;
	int day = (wanted - weekday_of(year_start(year) + first) + 7) % 7 + 7 * (change->week - 1);
	if (day >= month_days(change->month, is_leap))
		day -= 7;
	return first + day;
}

static int64_t change_at(const struct zone_change *change, int64_t year, int32_t offset_before)
{
	return (year_start(year) + day_in_year(change, year)) * DAY_SECONDS + change->time_seconds -
	       offset_before;
}

struct search {
	int64_t seconds, last, next;
	int32_t offset;
};

/* Later calls win where two changes fall on one instant. */
static void consider(struct search *search, int64_t at, int32_t offset)
{
	if (at > search->seconds) {
		search->next = at < search->next ? at : search->next;
	} else if (at >= search->last) {
		search->last = at;
		search->offset = offset;
	}
}

struct zone_answer zone_rule_at(const struct zone_rule *rule, int64_t seconds)
{
	struct search search = { seconds, INT64_MIN, INT64_MAX, rule->standard_seconds };

	if (!rule->has_summer)
		return (struct zone_answer){ rule->standard_seconds, INT64_MAX };
	int64_t year = year_of(floor_divide(seconds, DAY_SECONDS));
	for (int64_t y = year - 2; y <= year + 2; y++)
		consider(&search, change_at(&rule->to_standard, y, rule->summer_seconds),
			 rule->standard_seconds);
	/* Summer all year is written as a change to standard time at the instant at which summer
	 * starts again. */
	for (int64_t y = year - 2; y <= year + 2; y++)
		consider(&search, change_at(&rule->to_summer, y, rule->standard_seconds),
			 rule->summer_seconds);
	return (struct zone_answer){ search.offset, search.next };
}
