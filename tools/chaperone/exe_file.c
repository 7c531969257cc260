/* SPDX-License-Identifier: MIT */
/* Reading a file for its hash. */
#include "tools/chaperone/exe_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PIECE (256 * KIB)

static bool time_equal(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

struct exe_key exe_key_of(const struct stat *status)
{
	return (struct exe_key){ status->st_dev, status->st_ino, status->st_size, status->st_mtim,
				 status->st_ctim };
}

bool exe_key_equal(const struct exe_key *a, const struct exe_key *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       time_equal(a->modified, b->modified) && time_equal(a->changed, b->changed);
}

static int hash_all(int fd, size_t size_max, bool (*is_over)(void *context), void *context,
		    struct sha256 *hash)
{
	SCOPED(free_p) char *piece = malloc(PIECE);
	size_t total = 0;

	if (!piece)
		return -ENOMEM;
	for (;;) {
		ssize_t n = read(fd, piece, PIECE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		total += (size_t)n;
		if (total > size_max)
			return -EFBIG;
		sha256_add(hash, piece, (size_t)n);
		if (is_over(context))
			return -ETIMEDOUT;
	}
}

int exe_file_hash(int path_fd, size_t size_max, bool (*is_over)(void *context), void *context,
		  unsigned char ret_digest[SHA256_SIZE])
{
	struct stat before, after;
	struct sha256 hash;
	char path[64];

	/* Opening a device or pipe may do something; looking at it does not. */
	if (fstat(path_fd, &before) < 0)
		return -errno;
	if (!S_ISREG(before.st_mode))
		return -ENOTSUP;
	if ((uint64_t)before.st_size > size_max)
		return -EFBIG;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", path_fd);
	SCOPED(close_p) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	sha256_init(&hash);
	int r = hash_all(fd, size_max, is_over, context, &hash);
	if (r < 0)
		return r;
	if (fstat(fd, &after) < 0)
		return -errno;
	struct exe_key first = exe_key_of(&before), last = exe_key_of(&after);
	if (!exe_key_equal(&first, &last))
		return -EBUSY;
	sha256_end(&hash, ret_digest);
	return 0;
}

const unsigned char *exe_cache_find(const struct exe_cache *cache, const struct exe_key *key)
{
	for (size_t i = 0; i < cache->count; i++)
		if (exe_key_equal(&cache->entries[i].key, key))
			return cache->entries[i].digest;
	return NULL;
}

void exe_cache_add(struct exe_cache *cache, const struct exe_key *key, struct timespec now,
		   const unsigned char digest[SHA256_SIZE])
{
	struct exe_cache_entry *entry = &cache->entries[cache->next];

	if (key->changed.tv_sec >= now.tv_sec - 1)
		return;
	entry->key = *key;
	memcpy(entry->digest, digest, sizeof(entry->digest));
	cache->next = (cache->next + 1) % cache->max;
	if (cache->count < cache->max)
		cache->count++;
}
