/* SPDX-License-Identifier: MIT */
/* The place at which a preloaded library lets a call fail or ends the process, as the environment names
 * it:
 *
 *   FAULT_IN    whose calls count: `shim`, `libpq` (and the shim's), `agent` (all that it makes),
 *               `process` (all)
 *   FAULT_CALL  the kind of call, a name in place.c
 *   FAULT_ON    a pattern for what its descriptor is open on, or for the file that it renames
 *   FAULT_AFTER another kind: the count begins anew behind each such call, of the same thread; on
 *               sockets, of any thread, because whoever does the work does not write the answer
 *   FAULT_AT    n, from 1 on
 *   FAULT_DO    `fail` (once), `fail-on` (from n on), `kill-before`, `kill-after`
 *   FAULT_FILE  where struct tally is kept, which all processes share */
#ifndef TESTS_FAULTS_PLACE_H
#define TESTS_FAULTS_PLACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum call {
	CALL_NONE,
	CALL_MEMORY,  /* malloc, calloc, realloc, strndup */
	CALL_MAP,     /* mmap */
	CALL_OPEN,    /* open, openat, memfd_create */
	CALL_WRITE,   /* write, pwrite, sendmsg */
	CALL_SOCKET,  /* socket, connect, socketpair, accept4 */
	CALL_READ,    /* read, pread, recvmsg */
	CALL_NUMBER,  /* fcntl */
	CALL_SYNC,    /* fdatasync, fsync, ftruncate, posix_fallocate */
	CALL_SEND,    /* send */
	CALL_RECEIVE, /* recv, once it has received */
	CALL_CLOCK,   /* clock_gettime of the time of day */
	CALL_RENAME,  /* renameat, renameat2 */
	CALL_ASK,     /* sendmsg to the worker, which is what `kill-after` ends */
	CALL_SIGN,    /* crypto_sign_detached */
	CALL_VERIFY,  /* crypto_sign_verify_detached */
	CALL_RANDOM,  /* randombytes_buf */
};

struct tally {
	_Atomic uint64_t calls;   /* that counted */
	_Atomic uint64_t faults;  /* that were made to fail */
	_Atomic uint64_t died;    /* the signal that killed an agent, but for SIGKILL */
	_Atomic uint64_t process; /* whose calls alone count, by its number; 0: all processes' */
};

/* Where a call is made from, and what on: a descriptor, the name of a file, or neither. */
struct call_site {
	enum call call;
	uintptr_t caller;
	int fd; /* -1: none */
	const char *name;
};

#define CALLER ((uintptr_t)__builtin_return_address(0))

/* clang-format off */
#define SITE(kind)              (&(const struct call_site){ kind, CALLER, -1, NULL })
#define SITE_ON(kind, number)   (&(const struct call_site){ kind, CALLER, number, NULL })
#define SITE_NAMED(kind, named) (&(const struct call_site){ kind, CALLER, -1, named })
/* clang-format on */

/* The kind that the environment names. */
enum call place_call(void);

/* Whether a call is one at which something is to happen; the process ends here where that is to be before
 * it. */
bool place_is(const struct call_site *site);

/* Whether what happens is that the call is not made. */
bool place_fails(void);

/* Behind a call that was made, with its result: the process ends here where that is to be.  Keeps
 * errno. */
long place_passed(const struct call_site *site, bool is_fault, long result);

/* What this thread calls does not count for as long. */
void place_pause(bool is_paused);

/* Whether this process is an agent whose calls count. */
bool place_is_agent(void);
void place_set_agent(void);

#endif
