/* SPDX-License-Identifier: MIT */
/* Jobs run two at a time, no more of them wait than may, and none is forgotten. */
#include <check.h>
#include <stdatomic.h>
#include <time.h>

#include "common/clock.h"
#include "tests/unit/run_suite.h"
#include "tools/server/http/lane.h"

#define MANY 200u

static struct lane lane;
static atomic_bool is_open;
static atomic_uint inside, most, run_count, dropped_count;

static void work(struct job *job, bool is_dropped)
{
	unsigned int now = atomic_fetch_add(&inside, 1) + 1, before = atomic_load(&most);

	(void)job;
	while (now > before && !atomic_compare_exchange_weak(&most, &before, now))
		continue;
	while (!is_dropped && !atomic_load(&is_open))
		nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	atomic_fetch_add(is_dropped ? &dropped_count : &run_count, 1);
	atomic_fetch_sub(&inside, 1);
}

static unsigned int add_many(struct job jobs[MANY])
{
	unsigned int added = 0;

	for (unsigned int i = 0; i < MANY; i++) {
		jobs[i] = (struct job){ .run = work };
		added += lane_add(&lane, &jobs[i]);
	}
	return added;
}

static void wait_until(atomic_uint *count, unsigned int wanted)
{
	uint64_t until_ns = monotonic_ns() + 20 * SECOND_NS;

	while (atomic_load(count) < wanted && monotonic_ns() < until_ns)
		nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	ck_assert_uint_eq(atomic_load(count), wanted);
}

START_TEST(so_many_run_and_so_many_wait)
{
	struct job jobs[MANY];

	ck_assert_int_eq(lane_start(&lane), 0);
	unsigned int added = add_many(jobs);
	ck_assert_uint_ge(added, LANE_JOBS);
	ck_assert_uint_le(added, LANE_JOBS + LANE_THREADS);
	atomic_store(&is_open, true);
	wait_until(&run_count, added);
	ck_assert_uint_le(atomic_load(&most), LANE_THREADS);
	lane_end(&lane);
	ck_assert(!lane_add(&lane, &jobs[0]));
}
END_TEST

/* Once the lane takes nothing any more. */
static void *open_gate(void *unused)
{
	bool is_ending = false;

	while (!is_ending) {
		nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
		pthread_mutex_lock(&lane.lock);
		is_ending = lane.is_ending;
		pthread_mutex_unlock(&lane.lock);
	}
	atomic_store(&is_open, true);
	return unused;
}

START_TEST(those_who_wait_at_the_end_are_told)
{
	struct job jobs[MANY];
	pthread_t opener;

	ck_assert_int_eq(lane_start(&lane), 0);
	unsigned int added = add_many(jobs);
	wait_until(&inside, LANE_THREADS);
	ck_assert_int_eq(pthread_create(&opener, NULL, open_gate, NULL), 0);
	lane_end(&lane);
	pthread_join(opener, NULL);
	ck_assert_uint_eq(atomic_load(&run_count), LANE_THREADS);
	ck_assert_uint_eq(atomic_load(&dropped_count), added - LANE_THREADS);
}
END_TEST

START_TEST(one_that_was_not_started_can_be_ended)
{
	static struct lane none;

	lane_end(&none);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, so_many_run_and_so_many_wait);
	tcase_add_test(tests, those_who_wait_at_the_end_are_told);
	tcase_add_test(tests, one_that_was_not_started_can_be_ended);
}

int main(void)
{
	return run_suite("lane", NULL, NULL, add_tests);
}
