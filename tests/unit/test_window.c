/* SPDX-License-Identifier: MIT */
/* Time windows agree with the system's own clock in every minute around both changes of the clock,
 * and their edges
 * are exact. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/engine/window.h"
#include "policy/engine/window_words.h"
#include "policy/engine/zone_rule.h"
#include "tests/unit/run_suite.h"

#define DAYS(from, to) (((1u << ((to) + 1)) - 1) & ~((1u << (from)) - 1))

static const struct span {
	const char *from, *to; /* NULL: whole days */
	unsigned days;         /* 0: not given */
} SPANS[] = {
	{ "01:00", "05:00", 0 },          { "02:30", "02:45", 0 },
	{ "22:00", "06:00", 0 },          { "22:00", "06:00", DAYS(4, 6) },
	{ "02:00", "03:00", DAYS(6, 6) }, { "fri 16:00", "mon 08:00", 0 },
	{ "sun 02:15", "sun 02:10", 0 },  { "mon 00:00", "sun 00:00", 0 },
	{ NULL, NULL, DAYS(0, 4) },       { NULL, NULL, DAYS(0, 6) },
	{ "18:00", "00:00", 0 },
};

static const struct week {
	const char *zone, *start; /* start: a Monday before the change */
} WEEKS[] = {
	{ "Europe/Berlin", "2026-03-23T00:00:00Z" },
	{ "Europe/Berlin", "2026-10-19T00:00:00Z" },
	{ "America/New_York", "2026-03-02T00:00:00Z" },
	{ "America/New_York", "2026-10-26T00:00:00Z" },
	{ "Australia/Lord_Howe", "2026-03-30T00:00:00Z" },
	{ "Australia/Lord_Howe", "2026-09-28T00:00:00Z" },
	{ "Asia/Kathmandu", "2026-06-01T00:00:00Z" },
	{ "UTC", "2026-06-01T00:00:00Z" },
	{ "Europe/Dublin", "2026-03-23T00:00:00Z" },
	{ "Africa/Casablanca", "2026-02-09T00:00:00Z" },
	{ "America/Sao_Paulo", "2018-10-29T00:00:00Z" },
	{ "Europe/Berlin", "2095-03-21T00:00:00Z" }, /* behind the last transition of the file */
	{ "America/New_York", "2099-10-26T00:00:00Z" },
};

static struct arena *memory;

static void start(void)
{
	memory = arena_new(16 * MIB);
	ck_assert_ptr_nonnull(memory);
}

static void stop(void)
{
	arena_free(memory);
	unsetenv("TZ");
	tzset();
}

static void use_zone(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

static int64_t instant(const char *text)
{
	int64_t seconds = 0;

	ck_assert_int_eq(instant_read(text, &seconds), 0);
	return seconds;
}

static struct window_words words_of(const struct span *span)
{
	struct window_words words = { .from.day = CLOCK_NO_DAY, .to.day = CLOCK_NO_DAY };

	words.days = span->days;
	words.has_days = span->days != 0;
	if (span->from) {
		ck_assert_int_eq(clock_read(span->from, &words.from), 0);
		ck_assert_int_eq(clock_read(span->to, &words.to), 0);
	}
	return words;
}

static const struct window *window_of(const struct window_words *words, const char *zone_name)
{
	const struct zone *zone;
	struct window *window;

	ck_assert_int_eq(zone_read(memory, zone_name, &zone, NULL), 0);
	ck_assert_int_eq(window_new(memory, words, zone, &window), 0);
	return window;
}

/* What the clock on the wall shows: the day, 0 for Monday, and the minute of the day. */
struct wall {
	int day, minute;
};

#define WALLS (14 * 1440 + 1)

/* The clock in every minute of two weeks from `begin` on. */
static void read_walls(int64_t begin, struct wall walls[WALLS])
{
	for (int i = 0; i < WALLS; i++) {
		time_t clock = (time_t)(begin + 60 * i);
		struct tm local;

		localtime_r(&clock, &local);
		walls[i] =
			(struct wall){ (local.tm_wday + 6) % 7, local.tm_hour * 60 + local.tm_min };
	}
}

static bool means_in_week(const struct window_words *words, int now)
{
	int from = words->from.day * 1440 + words->from.minute;
	int to = words->to.day * 1440 + words->to.minute;

	return from < to ? now >= from && now < to : now >= from || now < to;
}

/* What the words mean at a wall-clock time, written without any of the window's own code. */
static bool means(const struct window_words *words, struct wall wall)
{
	int day = wall.day, minute = wall.minute;
	unsigned days = words->has_days ? words->days : 127;

	if (!words->from.is_given)
		return days >> day & 1;
	if (words->from.day != CLOCK_NO_DAY)
		return means_in_week(words, day * 1440 + minute);
	if (words->from.minute < words->to.minute)
		return (days >> day & 1) && minute >= words->from.minute &&
		       minute < words->to.minute;
	return ((days >> day & 1) && minute >= words->from.minute) ||
	       ((days >> ((day + 6) % 7) & 1) && minute < words->to.minute);
}

static void compare_with_clock(const struct span *span, const struct week *week,
			       const struct wall walls[WALLS])
{
	struct window_words words = words_of(span);
	const struct window *window = window_of(&words, week->zone);
	int64_t begin = instant(week->start), change = INT64_MAX;

	/* Backwards, so that the next edge is known by brute force. */
	for (int i = WALLS - 1; i >= 0; i--) {
		struct window_answer answer = window_at(window, begin + 60 * i);
		bool holds = means(&words, walls[i]);
		bool is_edge_right = change == INT64_MAX || answer.until == change;

		/* An assertion that holds writes to a pipe too: 3 million of them take seconds. */
		if (answer.holds != holds || !is_edge_right)
			ck_abort_msg("%s span %zd minute %d: %d until %lld, not %d until %lld",
				     week->zone, span - SPANS, i, answer.holds,
				     (long long)answer.until, holds, (long long)change);
		if (i > 0 && means(&words, walls[i - 1]) != holds)
			change = begin + 60 * i;
	}
}

START_TEST(agrees_with_the_clock_in_every_minute_and_names_the_next_edge)
{
	static struct wall walls[WALLS];

	use_zone(WEEKS[_i].zone);
	read_walls(instant(WEEKS[_i].start), walls);
	for (size_t i = 0; i < COUNT_OF(SPANS); i++)
		compare_with_clock(&SPANS[i], &WEEKS[_i], walls);
}
END_TEST

static const char *const ZONES[] = {
	"Europe/Berlin",
	"America/New_York",
	"Australia/Lord_Howe",
	"Asia/Kathmandu",
	"UTC",
	"Europe/Dublin",
	"Africa/Casablanca",
	"America/Sao_Paulo",
	"Asia/Tehran",
	"Etc/GMT+5",
	"America/St_Johns",
	"Antarctica/Troll",
	"Africa/El_Aaiun",
	"America/Nuuk",
	"Asia/Gaza",
};

START_TEST(offsets_are_those_of_the_system_from_1850_to_2200)
{
	const struct zone *zone;

	use_zone(ZONES[_i]);
	ck_assert_int_eq(zone_read(memory, ZONES[_i], &zone, NULL), 0);
	for (int64_t now = -3786825600; now < 7258118400; now += 11 * 3600 + 1801) {
		struct zone_answer answer = zone_at(zone, now);
		time_t clock = (time_t)now;
		struct tm local;

		localtime_r(&clock, &local);
		if (answer.offset_seconds != local.tm_gmtoff || answer.until <= now)
			ck_abort_msg("%s at %lld: %d, not %ld", ZONES[_i], (long long)now,
				     answer.offset_seconds, local.tm_gmtoff);
	}
}
END_TEST

START_TEST(offset_is_good_until_the_second_before_it_changes)
{
	const struct zone *zone;

	ck_assert_int_eq(zone_read(memory, "Europe/Berlin", &zone, NULL), 0);
	for (const char *const *at =
		     (const char *const[]){ "2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z",
					    "2090-03-26T01:00:00Z", NULL };
	     *at; at++) {
		int64_t change = instant(*at);

		ck_assert_int_eq(zone_at(zone, change - 1).until, change);
		ck_assert_int_ne(zone_at(zone, change - 1).offset_seconds,
				 zone_at(zone, change).offset_seconds);
	}
}
END_TEST

static const char *const NOT_ZONES[] = {
	"",
	"../../etc/passwd",
	"/etc/localtime",
	"Europe/../Europe/Berlin",
	"Europe//Berlin",
	"Europe/",
	"Europe",
	"localtime",
	"zone.tab",
	"Europe/Atlantis",
	"europe/berlin",
	"right/UTC",
	"Europe/Berlin\n",
	"./UTC",
	"tzdata.zi",
	"Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
};

START_TEST(what_is_no_zone_is_refused_with_words)
{
	struct error error = { 0 };
	const struct zone *zone = NULL;

	ck_assert_int_lt(zone_read(memory, NOT_ZONES[_i], &zone, &error), 0);
	ck_assert_ptr_null(zone);
	ck_assert_str_ne(error.text, "");
}
END_TEST

START_TEST(damaged_zone_files_are_refused_wherever_they_are_cut)
{
	char bytes[8192];
	FILE *file = fopen(ZONE_FOLDER "/Europe/Berlin", "rb");
	const struct zone *zone;

	ck_assert_ptr_nonnull(file);
	size_t length = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	ck_assert_int_eq(zone_parse(memory, (struct slice){ bytes, length }, &zone), 0);
	for (size_t cut = 0; cut < length; cut++) {
		/* A copy of the exact size, so that reading beyond it is seen. */
		SCOPED(free_p) char *copy = malloc(cut + 1);

		memcpy(copy, bytes, cut);
		ck_assert_int_eq(zone_parse(memory, (struct slice){ copy, cut }, &zone), -EBADMSG);
	}
}
END_TEST

static const struct {
	const char *text;
	int result;
	int32_t standard, summer;
} RULES[] = {
	{ "CET-1CEST,M3.5.0,M10.5.0/3", 0, 3600, 7200 },
	{ "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 0, 37800, 39600 },
	{ "IST-1GMT0,M10.5.0,M3.5.0/1", 0, 3600, 0 },
	{ "EST5EDT,0/0,J365/25", 0, -18000, -14400 },
	{ "UTC0", 0, 0, 3600 },
	{ "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 0, -7200, -3600 },
	{ "", -EINVAL, 0, 0 },
	{ "CET", -EINVAL, 0, 0 },
	{ "C1", -EINVAL, 0, 0 },
	{ "CET-1CEST", -EINVAL, 0, 0 },
	{ "CET-1CEST,M13.5.0,M10.5.0/3", -EINVAL, 0, 0 },
	{ "CET-1CEST,M3.6.0,M10.5.0/3", -EINVAL, 0, 0 },
	{ "CET-1CEST,M3.5.7,M10.5.0/3", -EINVAL, 0, 0 },
	{ "CET-1CEST,M3.5.0", -EINVAL, 0, 0 },
	{ "CET-1CEST,J0,J300", -EINVAL, 0, 0 },
	{ "CET-1CEST,M3.5.0,M10.5.0/3 ", -EINVAL, 0, 0 },
	{ "CET-168", -EINVAL, 0, 0 },
};

START_TEST(zone_rules_are_read_or_refused_whole)
{
	struct zone_rule rule = { 0 };

	ck_assert_int_eq(zone_rule_read(slice_of(RULES[_i].text), &rule), RULES[_i].result);
	if (RULES[_i].result < 0)
		return;
	ck_assert_int_eq(rule.standard_seconds, RULES[_i].standard);
	ck_assert_int_eq(rule.summer_seconds, RULES[_i].summer);
}
END_TEST

START_TEST(summer_all_year_is_summer_at_new_year_too)
{
	struct zone_rule rule;

	/* RFC 8536, section 3.3.1: the example of permanent daylight saving time. */
	ck_assert_int_eq(zone_rule_read(SLICE("XXX3EDT4,0/0,J365/23"), &rule), 0);
	for (int64_t now = instant("2030-12-30T00:00:00Z"); now < instant("2031-01-03T00:00:00Z");
	     now += 60)
		ck_assert_int_eq(zone_rule_at(&rule, now).offset_seconds, -4 * 3600);
}
END_TEST

START_TEST(since_and_until_are_edges_to_the_second)
{
	struct window_words words = { .from.day = CLOCK_NO_DAY, .to.day = CLOCK_NO_DAY };

	words.has_since = words.has_until = true;
	words.since = instant("2026-05-01T12:00:07Z");
	words.until = instant("2026-05-02T12:00:09Z");
	const struct window *window = window_of(&words, "UTC");
	struct window_answer before = window_at(window, words.since - 1);
	ck_assert(!before.holds && before.until == words.since);
	struct window_answer in = window_at(window, words.since);
	ck_assert(in.holds && in.until == words.until);
	in = window_at(window, words.until - 1);
	ck_assert(in.holds && in.until == words.until);
	struct window_answer behind = window_at(window, words.until);
	ck_assert(!behind.holds && behind.until == INT64_MAX);
}
END_TEST

START_TEST(since_inside_and_outside_of_a_span)
{
	struct window_words words = words_of(&SPANS[0]); /* 01:00 to 05:00 */

	words.has_since = true;
	words.since = instant("2026-05-01T03:00:00Z");
	struct window_answer early = window_at(window_of(&words, "UTC"), words.since - 86400);
	ck_assert(!early.holds && early.until == words.since);
	words.since = instant("2026-05-01T12:00:00Z");
	early = window_at(window_of(&words, "UTC"), words.since - 86400);
	ck_assert(!early.holds && early.until == instant("2026-05-02T01:00:00Z"));
	words.has_until = true;
	words.until = instant("2026-05-02T00:30:00Z");
	early = window_at(window_of(&words, "UTC"), words.since - 86400);
	ck_assert(!early.holds && early.until == INT64_MAX);
	ck_assert(window_is_possible(window_of(&words, "UTC")));
}
END_TEST

START_TEST(answers_at_the_ends_of_time)
{
	struct window_words words = words_of(&SPANS[0]);
	const struct window *window = window_of(&words, "Europe/Berlin");

	window_at(window, INT64_MAX);
	window_at(window, INT64_MIN);
	words = (struct window_words){ .has_days = true,
				       .from.day = CLOCK_NO_DAY,
				       .to.day = CLOCK_NO_DAY };
	struct window_answer never = window_at(window_of(&words, "UTC"), 0);
	ck_assert(!never.holds && never.until == INT64_MAX);
	ck_assert(!window_is_possible(window_of(&words, "UTC")));
}
END_TEST

static const struct {
	const char *text;
	int result;
	int64_t seconds;
} INSTANTS[] = {
	{ "1970-01-01T00:00:00Z", 0, 0 },
	{ "2026-11-18T14:00:00+01:00", 0, 1795006800 },
	{ "2026-11-18T13:00:00Z", 0, 1795006800 },
	{ "2026-11-18t13:00:00.123z", 0, 1795006800 },
	{ "2026-11-18 13:00:00-00:30", 0, 1795008600 },
	{ "1969-12-31T23:59:59Z", 0, -1 },
	{ "2024-02-29T00:00:00Z", 0, 1709164800 },
	{ "2000-12-31T23:59:60Z", 0, 978307200 },
	{ "2026-02-29T00:00:00Z", -EINVAL, 0 },
	{ "2026-11-31T00:00:00Z", -EINVAL, 0 },
	{ "2026-00-01T00:00:00Z", -EINVAL, 0 },
	{ "2026-11-18T24:00:00Z", -EINVAL, 0 },
	{ "2026-11-18T14:00:00", -EINVAL, 0 },
	{ "2026-11-18", -EINVAL, 0 },
	{ "", -EINVAL, 0 },
	{ "2026-11-18T14:00Z", -EINVAL, 0 },
	{ "2026-11-18T14:00:00+1:00", -EINVAL, 0 },
	{ "2026-11-18T14:00:00+0100", -EINVAL, 0 },
	{ "2026-11-18T14:00:00.Z", -EINVAL, 0 },
	{ "2026\r11-18T14:00:00Z", -EINVAL, 0 },
	{ "2026-11-18T14:00:00Z ", -EINVAL, 0 },
	{ "+026-11-18T14:00:00Z", -EINVAL, 0 },
};

START_TEST(instants_are_rfc_3339)
{
	int64_t seconds = 0;

	ck_assert_int_eq(instant_read(INSTANTS[_i].text, &seconds), INSTANTS[_i].result);
	ck_assert_int_eq(seconds, INSTANTS[_i].seconds);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, agrees_with_the_clock_in_every_minute_and_names_the_next_edge, 0,
			    COUNT_OF(WEEKS));
	tcase_add_loop_test(tcase, offsets_are_those_of_the_system_from_1850_to_2200, 0,
			    COUNT_OF(ZONES));
	tcase_add_test(tcase, offset_is_good_until_the_second_before_it_changes);
	tcase_add_loop_test(tcase, what_is_no_zone_is_refused_with_words, 0, COUNT_OF(NOT_ZONES));
	tcase_add_test(tcase, damaged_zone_files_are_refused_wherever_they_are_cut);
	tcase_add_loop_test(tcase, zone_rules_are_read_or_refused_whole, 0, COUNT_OF(RULES));
	tcase_add_test(tcase, summer_all_year_is_summer_at_new_year_too);
	tcase_add_test(tcase, since_and_until_are_edges_to_the_second);
	tcase_add_test(tcase, since_inside_and_outside_of_a_span);
	tcase_add_test(tcase, answers_at_the_ends_of_time);
	tcase_add_loop_test(tcase, instants_are_rfc_3339, 0, COUNT_OF(INSTANTS));
}

int main(void)
{
	return run_suite("window", start, stop, add_tests);
}
