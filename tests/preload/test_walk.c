/* SPDX-License-Identifier: MIT */
/* Forks and walks wait for one another, and never for themselves. */
#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/preload/walk.h"
#include "tests/unit/run_suite.h"

/* Of a walk that another thread is in the middle of. */
#define YIELDS_OF_A_WALK 5

static atomic_uint yields;

/* In place of libc's: who waits in vain calls it half a million times. */
int sched_yield(void)
{
	yields++;
	return (int)syscall(SYS_sched_yield);
}

static void walk(void)
{
	walk_begin();
	walk_end();
}

/* 0 when none of the process's children waited. */
static int status_of_children(void)
{
	int status, all = 0;

	while (wait(&status) > 0)
		all |= status;
	return all;
}

static bool has_forked;

static void fork_once(void)
{
	if (has_forked)
		return;
	has_forked = true;
	(void)fork();
	walk();
}

/* Each process tells the one that it comes from; the first one asserts. */
static void end_forked(pid_t first)
{
	walk();
	int bad = status_of_children();
	if (getpid() != first)
		_exit(bad || yields > 0);
	ck_assert_int_eq(bad, 0);
	ck_assert_uint_eq(yields, 0);
}

/* Handlers that were registered before ours are in the middle of it: of prepare handlers the newest
 * comes first, of the others the oldest.  Both processes of the inner fork go on with the outer one. */
static void fork_within(void (*prepare)(void), void (*parent)(void), void (*child)(void))
{
	pid_t test = getpid();

	pthread_atfork(prepare, parent, child);
	walk_watch_forks();
	(void)fork();
	end_forked(test);
	ck_assert(has_forked || child);
}

START_TEST(a_fork_in_another_prepare_handler_leaves_nobody_waiting)
{
	fork_within(fork_once, NULL, NULL);
}
END_TEST

START_TEST(a_fork_in_another_handler_of_the_parent_leaves_nobody_waiting)
{
	fork_within(NULL, fork_once, NULL);
}
END_TEST

START_TEST(a_fork_in_another_handler_of_the_child_leaves_nobody_waiting)
{
	fork_within(NULL, NULL, fork_once);
}
END_TEST

static void on_signal(int number)
{
	(void)number;
	walk();
	(void)fork();
	walk();
}

START_TEST(a_signal_handler_forks_in_the_middle_of_a_walk)
{
	pid_t test = getpid();

	signal(SIGUSR1, on_signal);
	walk_watch_forks();
	walk_begin();
	raise(SIGUSR1);
	walk_end();
	(void)fork();
	end_forked(test);
}
END_TEST

static atomic_bool has_begun, is_over;

static void *walk_for_a_while(void *nothing)
{
	walk_begin();
	has_begun = true;
	while (yields < YIELDS_OF_A_WALK)
		usleep(100);
	is_over = true;
	walk_end();
	return nothing;
}

START_TEST(a_fork_waits_for_another_threads_walk)
{
	pthread_t thread;

	walk_watch_forks();
	ck_assert_int_eq(pthread_create(&thread, NULL, walk_for_a_while, NULL), 0);
	while (!has_begun)
		usleep(100);
	pid_t child = fork();
	if (child == 0)
		_exit(!is_over);
	ck_assert_int_eq(status_of_children(), 0);
	pthread_join(thread, NULL);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, a_fork_in_another_prepare_handler_leaves_nobody_waiting);
	tcase_add_test(tcase, a_fork_in_another_handler_of_the_parent_leaves_nobody_waiting);
	tcase_add_test(tcase, a_fork_in_another_handler_of_the_child_leaves_nobody_waiting);
	tcase_add_test(tcase, a_signal_handler_forks_in_the_middle_of_a_walk);
	tcase_add_test(tcase, a_fork_waits_for_another_threads_walk);
}

int main(void)
{
	return run_suite("walk", NULL, NULL, add_tests);
}
