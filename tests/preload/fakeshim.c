/* SPDX-License-Identifier: MIT */
/* A shim for the miniature client library: stand-ins as a driver folder writes them. */
#include "tests/preload/fakeshim.h"

#include <pthread.h>
#include <stddef.h>
#include <time.h>

#include "shim/preload/guard.h"
#include "shim/preload/instance.h"
#include "shim/preload/process.h"
#include "shim/preload/registry.h"
#include "shim/preload/self.h"
#include "shim/preload/sentinel.h"
#include "tests/preload/fakepq.h"

static const char *const NAMES[FAKEPQ_FUNCTIONS] = {
	[FAKEPQ_IDENTITY] = "fakepq_identity", [FAKEPQ_QUERY] = "fakepq_query",
	[FAKEPQ_SEND] = "fakepq_send",         [FAKEPQ_NOTIFY] = "fakepq_notify",
	[FAKEPQ_FAIL] = "fakepq_fail",         [FAKEPQ_NEWER] = "fakepq_newer",
	[FAKEPQ_PLAIN] = "fakepq_plain",
};

static const struct driver FAKEPQ = {
	.name = "libfakepq",
	.functions = NAMES,
	.function_count = FAKEPQ_FUNCTIONS,
	.marker = FAKEPQ_PLAIN,
};

const struct driver *const DRIVERS[] = { &FAKEPQ, NULL };

static struct fakeshim_counts counts;

static void *next(enum fakepq_function function, const void *caller)
{
	const struct instance *instance = instance_of_address(&FAKEPQ, caller);

	if (instance) {
		counts.internal++;
	} else {
		counts.program++;
		instance = instance_for_caller(&FAKEPQ, caller);
	}
	return instance ? instance_function(instance, function) : NULL;
}

/* Forwards a call, or answers `failure` when the library lacks the function. */
#define FORWARD(function, failure, type, arguments)                                                \
	void *found = next(function, CALLER_ADDRESS());                                            \
	return found ? ((type)(uintptr_t)found)arguments : (failure)

const char *fakepq_identity(void)
{
	FORWARD(FAKEPQ_IDENTITY, NULL, __typeof__(&fakepq_identity), ());
}

int fakepq_query(const char *sql)
{
	FORWARD(FAKEPQ_QUERY, -1, __typeof__(&fakepq_query), (sql));
}

int fakepq_send(const char *sql)
{
	FORWARD(FAKEPQ_SEND, -1, __typeof__(&fakepq_send), (sql));
}

int fakepq_notify(void (*callback)(void *), void *data)
{
	FORWARD(FAKEPQ_NOTIFY, -1, __typeof__(&fakepq_notify), (callback, data));
}

int fakepq_fail(void)
{
	FORWARD(FAKEPQ_FAIL, -1, __typeof__(&fakepq_fail), ());
}

int fakepq_newer(void)
{
	FORWARD(FAKEPQ_NEWER, -1, __typeof__(&fakepq_newer), ());
}

struct fakeshim_counts *fakeshim_counts(void)
{
	return &counts;
}

int fakeshim_instances(void)
{
	unsigned count = 0;

	while (registry_at(&FAKEPQ, count))
		count++;
	return (int)count;
}

uintptr_t fakeshim_stand_in(const char *name)
{
	return self_function(name);
}

const char *fakeshim_identity_of(const void *function)
{
	const struct instance *instance = instance_of_function(&FAKEPQ, function);
	void *identity = instance ? instance_function(instance, FAKEPQ_IDENTITY) : NULL;

	return identity ? ((__typeof__(&fakepq_identity))(uintptr_t)identity)() : NULL;
}

bool fakeshim_stands_down(void)
{
	return preload_stands_down();
}

const char *fakeshim_path(void)
{
	return preload_path();
}

bool fakeshim_holds(const void *address)
{
	return preload_holds(address);
}

uint32_t fakeshim_process(void)
{
	return process_number();
}

uint32_t fakeshim_thread(void)
{
	return thread_number();
}

int fakeshim_cancel_state_while_held(void)
{
	CANCELLATION_HELD;
	int state = -1;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	return state;
}

#define ROUNDS 200000

static double ns_since(const struct timespec *begin)
{
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	return ((double)(end.tv_sec - begin->tv_sec) * 1e9 +
		(double)(end.tv_nsec - begin->tv_nsec)) /
	       ROUNDS;
}

double fakeshim_address_test_ns(void)
{
	struct timespec begin;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (int i = 0; i < ROUNDS; i++) {
		const void *volatile address = &begin;
		const struct instance *volatile found = instance_of_address(&FAKEPQ, address);

		(void)found;
	}
	return ns_since(&begin);
}

double fakeshim_caller_ns(const void *caller)
{
	struct timespec begin;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (int i = 0; i < ROUNDS / 100; i++) {
		const struct instance *volatile found = instance_for_caller(&FAKEPQ, caller);

		(void)found;
	}
	return ns_since(&begin) * 100;
}
