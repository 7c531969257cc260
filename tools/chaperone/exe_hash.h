/* SPDX-License-Identifier: MIT */
/* SHA-256 of executables, off the main loop: one thread reads, the loop polls one descriptor
 * (security.md 16). */
#ifndef TOOLS_CHAPERONE_EXE_HASH_H
#define TOOLS_CHAPERONE_EXE_HASH_H

#include <stdint.h>

#include "common/cleanup.h"
#include "common/sha256.h"

#define EXE_HASH_SIZE_MAX  (128 * MIB)
#define EXE_HASH_QUEUE_MAX 64  /* asked and not yet fetched */
#define EXE_HASH_CACHE_MAX 256 /* files remembered */

struct exe_hash_result {
	uint64_t number; /* the asker's */
	int code;        /* 0, or why there is no digest */
	unsigned char digest[SHA256_SIZE];
};

struct exe_hasher;

/* Each file has `deadline_ms` from the moment it is asked for, its time in the queue included. */
must_use int exe_hasher_new(uint64_t deadline_ms, struct exe_hasher **ret_hasher);

/* Asks for the file at `path` ("/proc/812/exe"), which is resolved now; a file system on the
 * network may take its time for that, /proc does not.  -EAGAIN when the queue is full, or open's
 * errors: then no result will come. */
must_use int exe_hasher_ask(struct exe_hasher *hasher, const char *path, uint64_t number);

/* Readable when exe_hasher_next may have a result.  Never read from it. */
int exe_hasher_fd(const struct exe_hasher *hasher);

/* Fetches a result: 1, or 0 when there is none now.  Codes: -ENOTSUP no regular file, -EFBIG
 * over EXE_HASH_SIZE_MAX, -ETIMEDOUT, -EBUSY changed while it was read, -EAGAIN leased by
 * somebody, or errors of reading. */
int exe_hasher_next(struct exe_hasher *hasher, struct exe_hash_result *ret_result);

/* Does not wait for a read that hangs: its thread cleans up when it comes back.  Accepts NULL. */
void exe_hasher_free(struct exe_hasher *hasher);
DEFINE_FREEP(struct exe_hasher, exe_hasher_freep, exe_hasher_free)

#endif
