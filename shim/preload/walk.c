/* SPDX-License-Identifier: MIT */
/* Counts walks and forks: each announces itself first and then looks for the other. */
#include "shim/preload/walk.h"

#include <sched.h>
#include <stdatomic.h>

/* A tenth of a second or more; a walk takes microseconds. */
#define YIELDS_MAX 500000

/* What pthread_atfork is made of (glibc, nptl/pthread_atfork.c), weak because another libc lacks it. */
int __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void),
		      void *object) __attribute__((weak));
extern void *__dso_handle __attribute__((visibility("hidden")));

/* Below 0 in the child of a signal handler that forked between two steps of what is below. */
static atomic_int walks, forks;
/* This thread's, of those: forks nest where a handler of another library forks. */
static _Thread_local int own_walks, own_forks;

void walk_begin(void)
{
	for (unsigned yields = 0;; yields++) {
		atomic_fetch_add(&walks, 1);
		if (atomic_load(&forks) <= 0 || own_walks > 0 || own_forks > 0 ||
		    yields == YIELDS_MAX)
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
	atomic_fetch_add(&forks, 1);
	own_forks++;
	for (unsigned yields = 0; atomic_load(&walks) > own_walks && yields < YIELDS_MAX; yields++)
		sched_yield();
}

static void go_on(void)
{
	own_forks--;
	atomic_fetch_sub(&forks, 1);
}

/* The forking thread is the only one here, and may be in the middle of another fork. */
static void begin_anew(void)
{
	own_forks--;
	atomic_store(&walks, own_walks);
	atomic_store(&forks, own_forks);
}

void walk_watch_forks(void)
{
	if (__register_atfork)
		(void)__register_atfork(prepare, go_on, begin_anew, &__dso_handle);
}
