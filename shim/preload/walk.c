/* SPDX-License-Identifier: MIT */
/* Counts walks and forks: each announces itself first and then looks for the other. */
#include "shim/preload/walk.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

/* A tenth of a second or more; a walk takes microseconds. */
#define YIELDS_MAX 500000

/* What pthread_atfork is made of (glibc, nptl/pthread_atfork.c), weak because another libc lacks it. */
int __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void),
		      void *object) __attribute__((weak));
extern void *__dso_handle __attribute__((visibility("hidden")));

static atomic_uint walks, forks;
static _Thread_local unsigned own_walks;
static _Thread_local bool is_forking;

void walk_begin(void)
{
	for (unsigned yields = 0;; yields++) {
		atomic_fetch_add(&walks, 1);
		if (atomic_load(&forks) == 0 || own_walks > 0 || is_forking || yields == YIELDS_MAX)
			break;
		atomic_fetch_sub(&walks, 1);
		sched_yield();
	}
	own_walks++;
}

void walk_end(void)
{
	own_walks--;
	atomic_fetch_sub(&walks, 1);
}

static void prepare(void)
{
	is_forking = true;
	atomic_fetch_add(&forks, 1);
	for (unsigned yields = 0; atomic_load(&walks) > own_walks && yields < YIELDS_MAX; yields++)
		sched_yield();
}

static void go_on(void)
{
	atomic_fetch_sub(&forks, 1);
	is_forking = false;
}

/* The forking thread is the only one here. */
static void begin_anew(void)
{
	atomic_store(&walks, own_walks);
	atomic_store(&forks, 0);
	is_forking = false;
}

void walk_watch_forks(void)
{
	if (__register_atfork)
		(void)__register_atfork(prepare, go_on, begin_anew, &__dso_handle);
}
