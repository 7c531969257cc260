/* SPDX-License-Identifier: MIT */
/* The functions of libc that the shim stands in front of, as the object behind us has them: another
 * preloaded library that stands in for the same function gets the call, as with RTLD_NEXT.
 *
 * Those objects are remembered at start, and read without dlsym: in a signal handler or between
 * fork and exec the loader cannot be asked, since another thread may have held its lock. */
#ifndef SHIM_PRELOAD_NEXT_H
#define SHIM_PRELOAD_NEXT_H

#include <string.h>

#define NEXT_FUNCTIONS(ROW)                                                                        \
	ROW(connect)                                                                               \
	ROW(execve)                                                                                \
	ROW(execvpe)                                                                               \
	ROW(execveat)                                                                              \
	ROW(fexecve)                                                                               \
	ROW(posix_spawn)                                                                           \
	ROW(posix_spawnp)                                                                          \
	ROW(system)                                                                                \
	ROW(popen)

enum next_name {
#define NEXT_NAME(name) NEXT_##name,
	NEXT_FUNCTIONS(NEXT_NAME)
#undef NEXT_NAME
		NEXT_COUNT
};

/* Remembers the objects; at start, and when a call comes before that.  Returns the path under which
 * the loader has us, or "". */
const char *next_settle(void);

/* NULL when nothing behind us has it. */
void *next_address(enum next_name name);

/* The function `name` with its own type. */
#define NEXT(name)                                                                                 \
	__extension__({                                                                            \
		__typeof__(&name) next_found;                                                      \
		void *next_found_at = next_address(NEXT_##name);                                   \
		memcpy(&next_found, &next_found_at, sizeof(next_found));                           \
		next_found;                                                                        \
	})

#endif
