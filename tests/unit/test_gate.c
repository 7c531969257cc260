/* SPDX-License-Identifier: MIT */
/* The gate's cache and table of connections keep what their headers promise. */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "shim/gate/cache.h"
#include "shim/gate/connections.h"
#include "tests/unit/run_suite.h"

static struct verdict *allowed(uint64_t context)
{
	struct message_verdict message = { .decision = VERDICT_ALLOW,
					   .generation = 1,
					   .context = context,
					   .valid_until_ns = 1000 };

	return verdict_new(&message);
}

START_TEST(verdict_counts_only_in_its_context_generation_and_time)
{
	struct verdict *verdict = allowed(5);

	ck_assert(verdict_holds(verdict, 5, 1, 999));
	ck_assert(!verdict_holds(verdict, 5, 1, 1000));
	ck_assert(!verdict_holds(verdict, 6, 1, 999));
	ck_assert(!verdict_holds(verdict, 5, 2, 999));
	ck_assert(!verdict_holds(verdict, 0, 1, 999));
	verdict_unref(verdict);
}
END_TEST

START_TEST(a_malformed_plan_makes_no_verdict)
{
	struct message_verdict message = { .decision = VERDICT_ALLOW,
					   .plan = SLICE("not a plan at all") };

	ck_assert_ptr_null(verdict_new(&message));
}
END_TEST

START_TEST(a_hit_compares_the_whole_key)
{
	struct cache cache = { 0 };
	struct verdict *verdict = allowed(1);
	struct cache_key key = cache_key(CACHE_TEXT, SLICE("select 1"));
	struct cache_key forged = cache_key(CACHE_TEXT, SLICE("drop table t"));

	cache_store(&cache, &key, verdict);
	ck_assert_ptr_eq(cache_find(&cache, &key)->verdict, verdict);
	forged.hash = key.hash;
	ck_assert_ptr_null(cache_find(&cache, &forged));
	struct cache_key template = cache_key(CACHE_TEMPLATE, SLICE("select 1"));
	template.hash = key.hash;
	ck_assert_ptr_null(cache_find(&cache, &template));
	verdict_unref(verdict);
	cache_done(&cache);
}
END_TEST

START_TEST(cache_stays_within_its_bounds_and_keeps_the_newest)
{
	struct cache cache = { 0 };
	char text[64];

	for (int i = 0; i < 20000; i++) {
		struct verdict *verdict = allowed(1);
		int length = snprintf(text, sizeof(text), "select %d", i);
		struct cache_key key =
			cache_key(CACHE_TEXT, (struct slice){ text, (size_t)length });

		cache_store(&cache, &key, verdict);
		ck_assert_ptr_eq(cache_find(&cache, &key)->verdict, verdict);
		ck_assert_uint_le(cache.bytes, CACHE_BYTES_MAX);
		verdict_unref(verdict);
	}
	cache_done(&cache);
	ck_assert_uint_eq(cache.bytes, 0);
}
END_TEST

START_TEST(connections_are_found_until_they_are_removed)
{
	static char handles[CONNECTIONS_MAX + 1];
	struct gate_connection *connection = (struct gate_connection *)(void *)handles;

	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		ck_assert(connections_add(handles + i, connection));
	ck_assert(!connections_add(handles + CONNECTIONS_MAX, connection));
	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		ck_assert_ptr_eq(connections_find(handles + i), connection);
		ck_assert_ptr_eq(connections_remove(handles + i), connection);
		ck_assert_ptr_null(connections_find(handles + i));
	}
	ck_assert(connections_add(handles, connection));
	ck_assert_ptr_eq(connections_remove(handles), connection);
}
END_TEST

#define THREADS 4
#define ROUNDS  20000

static void *add_and_remove(void *context)
{
	char handles[32];

	(void)context;
	for (int round = 0; round < ROUNDS; round++) {
		char *handle = handles + round % 32;

		if (!connections_add(handle, (struct gate_connection *)(void *)handle) ||
		    (char *)(void *)connections_find(handle) != handle ||
		    (char *)(void *)connections_remove(handle) != handle)
			return (void *)1;
	}
	return NULL;
}

START_TEST(threads_do_not_disturb_each_others_connections)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, add_and_remove, NULL), 0);
	for (int i = 0; i < THREADS; i++) {
		void *failed;

		pthread_join(threads[i], &failed);
		ck_assert_ptr_null(failed);
	}
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, verdict_counts_only_in_its_context_generation_and_time);
	tcase_add_test(tcase, a_malformed_plan_makes_no_verdict);
	tcase_add_test(tcase, a_hit_compares_the_whole_key);
	tcase_add_test(tcase, cache_stays_within_its_bounds_and_keeps_the_newest);
	tcase_add_test(tcase, connections_are_found_until_they_are_removed);
	tcase_add_test(tcase, threads_do_not_disturb_each_others_connections);
}

int main(void)
{
	return run_suite("gate", NULL, NULL, add_tests);
}
