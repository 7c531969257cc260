/* SPDX-License-Identifier: MIT */
/* A crowd that was cut off does not come back at once. */
#include <check.h>

#include "common/cleanup.h"
#include "tests/unit/run_suite.h"
#include "tools/remote/follower.h"

#define CROWD    4000u
#define QUARTERS 4u

static const struct slice NOTHING = { NULL, 0 };

/* How many of a crowd come back in each quarter of `most_ms`, from `least_ms` on. */
static void spread(unsigned int failures, struct slice asked_for, unsigned int least_ms,
		   unsigned int most_ms)
{
	unsigned int counts[QUARTERS] = { 0 };

	for (unsigned int i = 0; i < CROWD; i++) {
		unsigned int ms = follower_pause_ms(failures, asked_for);

		ck_assert_uint_ge(ms, least_ms);
		ck_assert_uint_lt(ms, least_ms + most_ms);
		counts[(ms - least_ms) * QUARTERS / most_ms]++;
	}
	for (size_t i = 0; i < QUARTERS; i++) {
		ck_assert_uint_gt(counts[i], CROWD / QUARTERS * 3 / 4);
		ck_assert_uint_lt(counts[i], CROWD / QUARTERS * 5 / 4);
	}
}

START_TEST(it_is_spread_over_twice_the_time_after_each_failure)
{
	static const unsigned int MOST_MS[] = { 2000, 4000, 8000, 16000, 32000, 60000, 60000 };

	for (unsigned int i = 0; i < COUNT_OF(MOST_MS); i++)
		spread(i + 1, NOTHING, 0, MOST_MS[i]);
	spread(1000000, NOTHING, 0, FOLLOWER_PAUSE_MAX_MS);
}
END_TEST

START_TEST(it_is_spread_behind_what_the_server_asks_for)
{
	spread(1, SLICE("5"), 5000, 2000);
	spread(3, SLICE("60"), 60000, 8000);
	spread(1, SLICE("86400"), 60000, 2000);
	spread(1, SLICE("18446744073709551615"), 60000, 2000);
	spread(1, SLICE("Wed, 21 Oct 2015 07:28:00 GMT"), 0, 2000);
	spread(1, SLICE("-1"), 0, 2000);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, it_is_spread_over_twice_the_time_after_each_failure);
	tcase_add_test(tests, it_is_spread_behind_what_the_server_asks_for);
}

int main(void)
{
	return run_suite("follower", NULL, NULL, add_tests);
}
