/* SPDX-License-Identifier: MIT */
/* Scope cleanup, ownership transfer, and the attributes that we use everywhere. */
#ifndef COMMON_CLEANUP_H
#define COMMON_CLEANUP_H

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

/* The caller must look at the result. */
#define must_use __attribute__((warn_unused_result))

/* Declares a variable that `done` cleans up at the end of its scope.  `done` takes its address. */
#define SCOPED(done) __attribute__((cleanup(done)))

/* Hands over the pointer held in `variable`, which is NULL afterwards. */
#define steal(variable)                                                                            \
	__extension__({                                                                            \
		__typeof__(variable) *stolen_from = &(variable);                                   \
		__typeof__(variable) stolen = *stolen_from;                                        \
		*stolen_from = NULL;                                                               \
		stolen;                                                                            \
	})

/* Defines `name`, which calls `release` on the pointer it finds at its argument. */
#define DEFINE_FREEP(type, name, release)                                                          \
	static inline void name(type **pointer)                                                    \
	{                                                                                          \
		release(*pointer);                                                                 \
	}

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

static inline void free_p(void *pointer)
{
	free(*(void **)pointer);
}

/* Closes a descriptor unless it is negative; for `SCOPED(close_p) int fd = -1`. */
static inline void close_p(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* Hands over a descriptor; the variable is -1 afterwards. */
static inline int steal_fd(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}

#endif
