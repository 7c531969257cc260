/* SPDX-License-Identifier: MIT */
/* Hashing one file, and remembering what was hashed. */
#ifndef TOOLS_CHAPERONE_EXE_FILE_H
#define TOOLS_CHAPERONE_EXE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/sha256.h"

/* What tells a file's contents from others'.  Nobody can set ctime back without setting the
 * clock. */
struct exe_key {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified, changed;
};

struct exe_key exe_key_of(const struct stat *status);
bool exe_key_equal(const struct exe_key *a, const struct exe_key *b);

/* Hashes the file that `path_fd` (O_PATH) names.  `is_over` is asked between two pieces of at
 * most 256 KiB and ends it with -ETIMEDOUT.  Codes as in exe_hash.h. */
must_use int exe_file_hash(int path_fd, size_t size_max, bool (*is_over)(void *context),
			   void *context, unsigned char ret_digest[SHA256_SIZE]);

struct exe_cache_entry {
	struct exe_key key;
	unsigned char digest[SHA256_SIZE];
};

struct exe_cache { /* zeroed: empty; the oldest entry makes room */
	struct exe_cache_entry *entries;
	size_t max, count, next;
};

const unsigned char *exe_cache_find(const struct exe_cache *cache, const struct exe_key *key);

/* Remembers, unless the file changed within the last second before `now`: a second change inside
 * one tick of the file system's clock would leave the key as it is. */
void exe_cache_add(struct exe_cache *cache, const struct exe_key *key, struct timespec now,
		   const unsigned char digest[SHA256_SIZE]);

#endif
