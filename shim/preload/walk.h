/* SPDX-License-Identifier: MIT */
/* Keeps forks out of walks through the loader's list.
 *
 * dl_iterate_phdr holds a lock that glibc does not reset in a forked child (posix/fork.c of 2.36
 * resets dl_load_lock and dl_load_tls_lock, not dl_load_write_lock), so a child that was forked
 * while another thread walked would wait for ever at its own first walk, or at its first dlopen.
 * A fork therefore waits until none of our walks is under way, and a walk that would begin
 * meanwhile waits for the fork.
 *
 * Both waits are bounded: a walk whose thread was stopped costs forks a moment, not their end, and
 * the walker may hold what another library's handler of the same fork waits for.  Forks nest too.
 * Children made by _Fork, vfork or clone run no handlers, and may not walk anyway. */
#ifndef SHIM_PRELOAD_WALK_H
#define SHIM_PRELOAD_WALK_H

/* Around each dl_iterate_phdr; they nest, in signal handlers as well. */
void walk_begin(void);
void walk_end(void);

/* Once, before there are threads.  Where the libc has no __register_atfork, forks do not wait. */
void walk_watch_forks(void);

#endif
