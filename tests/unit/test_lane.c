/* SPDX-License-Identifier: MIT */
/* Jobs run as many at a time as there are threads, no more of them wait than may, those that wait run together where
 * they may, and none is forgotten. */
#include <check.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "tests/unit/run_suite.h"
#include "tools/server/http/lane.h"

#define MANY    200u
#define THREADS 2u
#define WAITING 64u

static const struct lane_limits ALONE = { THREADS, WAITING, 1 };
static const struct lane_limits TOGETHER = { 1, MANY, 16 };

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

	ck_assert_int_eq(lane_start(&lane, &ALONE), 0);
	unsigned int added = add_many(jobs);
	ck_assert_uint_ge(added, WAITING);
	ck_assert_uint_le(added, WAITING + THREADS);
	atomic_store(&is_open, true);
	wait_until(&run_count, added);
	ck_assert_uint_le(atomic_load(&most), THREADS);
	lane_end(&lane);
	ck_assert(!lane_add(&lane, &jobs[0]));
}
END_TEST

static struct job *in_order[MANY];
static size_t order_count, lists[MANY], list_count;

/* One thread's. */
static void work_together(struct job *first, bool is_dropped)
{
	if (list_count == 0)
		work(first, is_dropped);
	for (struct job *job = first; job; job = job->next) {
		in_order[order_count++] = job;
		lists[list_count]++;
	}
	list_count++;
}

/* The first one runs while the others come. */
static void run_together(struct job jobs[MANY], unsigned int count, size_t bytes)
{
	memset(lists, 0, sizeof(lists));
	order_count = list_count = 0;
	atomic_store(&is_open, false);
	atomic_store(&inside, 0);
	ck_assert_int_eq(lane_start(&lane, &TOGETHER), 0);
	for (unsigned int i = 0; i < count; i++) {
		jobs[i] = (struct job){ .run = work_together, .bytes = bytes };
		ck_assert(lane_add(&lane, &jobs[i]));
		if (i == 0)
			wait_until(&inside, 1);
	}
	atomic_store(&is_open, true);
	for (struct lane_gauges now = { .waiting = 1 }; now.waiting > 0;)
		lane_look(&lane, &now);
	lane_end(&lane);
	ck_assert_uint_eq(order_count, count);
	for (unsigned int i = 0; i < count; i++)
		ck_assert_ptr_eq(in_order[i], &jobs[i]);
}

START_TEST(those_who_wait_run_together_in_their_order)
{
	struct job jobs[MANY];

	run_together(jobs, 1 + 16 + 16 + 3, 1);
	ck_assert_uint_eq(list_count, 4);
	ck_assert_uint_eq(lists[0], 1);
	ck_assert_uint_eq(lists[1], 16);
	ck_assert_uint_eq(lists[2], 16);
	ck_assert_uint_eq(lists[3], 3);
}
END_TEST

START_TEST(large_ones_run_with_few_others)
{
	struct job jobs[MANY];

	run_together(jobs, 1 + 4 + 2, LANE_TOGETHER_BYTES / 4);
	ck_assert_uint_eq(list_count, 3);
	ck_assert_uint_eq(lists[1], 4);
	run_together(jobs, 1 + 2, 2 * LANE_TOGETHER_BYTES);
	ck_assert_uint_eq(list_count, 3);
}
END_TEST

START_TEST(no_more_bytes_wait_than_may)
{
	struct job jobs[MANY];
	unsigned int added = 0;

	atomic_store(&is_open, false);
	atomic_store(&inside, 0);
	ck_assert_int_eq(lane_start(&lane, &TOGETHER), 0);
	for (unsigned int i = 0; i < MANY; i++) {
		jobs[i] = (struct job){ .run = work, .bytes = LANE_BYTES_MAX / 8 };
		added += lane_add(&lane, &jobs[i]);
		if (i == 0)
			wait_until(&inside, 1);
	}
	atomic_store(&is_open, true);
	lane_end(&lane);
	ck_assert_uint_eq(added, 1 + 8);
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

	ck_assert_int_eq(lane_start(&lane, &ALONE), 0);
	unsigned int added = add_many(jobs);
	wait_until(&inside, THREADS);
	ck_assert_int_eq(pthread_create(&opener, NULL, open_gate, NULL), 0);
	lane_end(&lane);
	pthread_join(opener, NULL);
	ck_assert_uint_eq(atomic_load(&run_count), THREADS);
	ck_assert_uint_eq(atomic_load(&dropped_count), added - THREADS);
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
	tcase_add_test(tests, those_who_wait_run_together_in_their_order);
	tcase_add_test(tests, large_ones_run_with_few_others);
	tcase_add_test(tests, no_more_bytes_wait_than_may);
	tcase_add_test(tests, one_that_was_not_started_can_be_ended);
}

int main(void)
{
	return run_suite("lane", NULL, NULL, add_tests);
}
