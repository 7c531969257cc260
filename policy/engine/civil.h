/* SPDX-License-Identifier: MIT */
/* Days of the Gregorian calendar, counted from 1970-01-01. */
#ifndef POLICY_ENGINE_CIVIL_H
#define POLICY_ENGINE_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

#define DAY_SECONDS  86400
#define WEEK_SECONDS (7 * DAY_SECONDS)

/* Division that rounds down, and its remainder, for divisors above 0. */
static inline int64_t floor_divide(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static inline int64_t floor_remainder(int64_t a, int64_t b)
{
	return a - floor_divide(a, b) * b;
}

static inline bool year_is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* The day number of 1 January. */
static inline int64_t year_start(int64_t year)
{
	int64_t before = year - 1;

	return before * 365 + floor_divide(before, 4) - floor_divide(before, 100) +
	       floor_divide(before, 400) - 719162;
}

/* The year that a day number lies in. */
static inline int64_t year_of(int64_t day)
{
	int64_t year = 1970 + floor_divide(day * 400, 146097);

	while (year_start(year) > day)
		year--;
	while (year_start(year + 1) <= day)
		year++;
	return year;
}

/* Days of the year before the first of `month` (1 to 12). */
static inline int month_start(int month, bool is_leap)
{
	static const int STARTS[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365 };

	return STARTS[month - 1] + (is_leap && month > 2);
}

static inline int month_days(int month, bool is_leap)
{
	return month_start(month % 12 + 1, false) + (month == 12 ? 365 : 0) -
	       month_start(month, false) + (is_leap && month == 2);
}

/* 0 for Monday to 6 for Sunday: 1970-01-01 was a Thursday. */
static inline int weekday_of(int64_t day)
{
	return (int)floor_remainder(day + 3, 7);
}

#endif
