/* SPDX-License-Identifier: MIT */
#include "tools/chaperone/spool.h"

#include <errno.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "common/file.h"

void spool_done(struct spool *spool)
{
	deliver_parts_done(&spool->parts);
	close_p(&spool->folder);
	spool->folder = -1;
}

uint64_t spool_waiting(const struct deliver_part *part)
{
	return part->size - part->position;
}

int spool_look(const char *path, struct spool *ret_spool)
{
	SCOPED(spool_done) struct spool spool = SPOOL_NONE;
	int r = folder_open_private(path, &spool.folder);

	if (r == 0)
		r = deliver_parts_list(spool.folder, &spool.parts);
	if (r == 0)
		r = deliver_parts_load(spool.folder, &spool.parts);
	if (r < 0)
		return r;
	for (size_t i = 0; i < spool.parts.count; i++)
		spool.waiting += spool_waiting(&spool.parts.at[i]);
	*ret_spool = spool;
	spool = SPOOL_NONE;
	return 0;
}

uint64_t spool_bound(const struct policy *policy)
{
	return policy->full_at_bytes > 0 ? policy->full_at_bytes : POLICY_FULL_AT_BYTES;
}

/* A writer holds a lock on its file as long as it lives, and writes the newest part of its boot. */
static int claim_file(const struct spool *spool, const struct deliver_part *part, int *ret_fd)
{
	SCOPED(close_p) int fd = -1;
	struct stat status;
	int r = record_file_open(spool->folder, part->file, &fd);

	if (r < 0)
		return r;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	if (fstat(fd, &status) < 0 || status.st_nlink == 0)
		return -ENOENT;
	*ret_fd = steal_fd(&fd);
	return 0;
}

static const struct deliver_part *newest_of_boot(const struct spool *spool, uint32_t boot)
{
	const struct deliver_part *newest = NULL;

	for (size_t i = 0; i < spool->parts.count; i++) {
		const struct deliver_part *part = &spool->parts.at[i];

		if (part->name.boot == boot && (!newest || part->name.part > newest->name.part))
			newest = part;
	}
	return newest;
}

int spool_claim(const struct spool *spool, const struct deliver_part *part, int *ret_fd)
{
	SCOPED(close_p) int newest_fd = -1;
	const struct deliver_part *newest = newest_of_boot(spool, part->name.boot);

	if (newest != part) {
		int r = claim_file(spool, newest, &newest_fd);
		if (r < 0)
			return r;
	}
	return claim_file(spool, part, ret_fd);
}
