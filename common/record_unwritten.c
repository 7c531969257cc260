/* SPDX-License-Identifier: MIT */
/* Entries first, then the header that counts them, in one write within a page: each state of the
 * file between two writes is a whole one. */
#include "common/record_unwritten.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC        0x315752574e55u /* "UNWRW1" */
#define PAGE         4096u
#define COUNTED_SIZE 24u /* magic, boot, length, entries */
#define HEADER_SIZE  (COUNTED_SIZE + SHA256_SIZE)
#define FILE_SIZE    (PAGE + RECORD_BATCH_MAX)

static int write_at(int fd, uint64_t offset, const void *bytes, size_t length)
{
	const char *at = bytes;

	while (length > 0) {
		ssize_t n = pwrite(fd, at, length, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		at += n;
		offset += (size_t)n;
		length -= (size_t)n;
	}
	return 0;
}

static void hash_of(const void *counted, struct slice entries, unsigned char ret_hash[SHA256_SIZE])
{
	struct sha256 hash;

	sha256_init(&hash);
	sha256_add(&hash, counted, COUNTED_SIZE);
	sha256_add(&hash, entries.at, entries.length);
	sha256_end(&hash, ret_hash);
}

static int write_header(const struct record_unwritten *unwritten, struct slice entries,
			uint32_t count)
{
	unsigned char hash[SHA256_SIZE];
	char bytes[HEADER_SIZE + 1];
	struct buf header = BUF_OVER(bytes);

	buf_add_u64(&header, MAGIC);
	buf_add_u64(&header, unwritten->boot);
	buf_add_u32(&header, (uint32_t)entries.length);
	buf_add_u32(&header, count);
	hash_of(header.at, entries, hash);
	buf_add(&header, hash, sizeof(hash));
	return header.failed ? header.failed : write_at(unwritten->fd, 0, header.at, header.length);
}

int record_unwritten_create(int folder_fd, uint64_t boot, struct record_unwritten *ret_unwritten)
{
	struct record_unwritten unwritten = { .boot = boot };

	snprintf(unwritten.name, sizeof(unwritten.name), RECORD_UNWRITTEN_PREFIX "%08x",
		 (unsigned)boot);
	SCOPED(close_p)
	int fd = openat(folder_fd, unwritten.name,
			O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	unwritten.fd = fd;
	int r = -posix_fallocate(fd, 0, (off_t)FILE_SIZE);
	if (r == 0)
		r = write_header(&unwritten, (struct slice){ NULL, 0 }, 0);
	if (r < 0) {
		unlinkat(folder_fd, unwritten.name, 0);
		return r;
	}
	*ret_unwritten = unwritten;
	ret_unwritten->fd = steal_fd(&fd);
	return 0;
}

/* Nobody finds a file that has no name any more. */
static bool has_name(int fd)
{
	struct stat status;

	return fd >= 0 && fstat(fd, &status) == 0 && status.st_nlink > 0;
}

static int clear(struct record_unwritten *unwritten)
{
	int r = unwritten->length > 0 ? write_header(unwritten, (struct slice){ NULL, 0 }, 0) : 0;

	if (r == 0)
		unwritten->length = 0;
	return r;
}

int record_unwritten_keep(struct record_unwritten *unwritten, const struct record *record)
{
	struct record_pending pending = record_pending(record);
	size_t known = pending.batch == unwritten->batch ? unwritten->length : 0;

	if (pending.entries.length > 0 && !has_name(unwritten->fd))
		return -ENOENT;
	if (pending.entries.length == known && known > 0)
		return 0;
	int r = known == 0 ? clear(unwritten) : 0;
	if (r < 0 || pending.entries.length == 0)
		return r;
	r = write_at(unwritten->fd, PAGE + known, pending.entries.at + known,
		     pending.entries.length - known);
	if (r == 0)
		r = write_header(unwritten, pending.entries, pending.count);
	if (r < 0)
		return r;
	unwritten->batch = pending.batch;
	unwritten->length = pending.entries.length;
	return 0;
}

void record_unwritten_done(struct record_unwritten *unwritten, int folder_fd, bool is_left)
{
	if (unwritten->fd >= 0 && !is_left)
		unlinkat(folder_fd, unwritten->name, 0);
	close_p(&unwritten->fd);
	unwritten->fd = -1;
}

static int open_file(int folder_fd, const char *name, int *ret_fd)
{
	SCOPED(close_p)
	int fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EBADMSG;
	if (status.st_uid != geteuid())
		return -EPERM;
	*ret_fd = steal_fd(&fd);
	return 0;
}

static int copy_entries(int fd, uint32_t length, struct buf *bytes)
{
	char *room = length > 0 ? buf_extend(bytes, length) : NULL;

	if (length > 0 && !room)
		return bytes->failed == -E2BIG ? -EBADMSG : -ENOMEM;
	return length > 0 ? record_pread(fd, PAGE, room, length) : 0;
}

static int read_file(int fd, struct record_leftover *leftover)
{
	unsigned char bytes[HEADER_SIZE], hash[SHA256_SIZE];
	int r = record_pread(fd, 0, bytes, sizeof(bytes));
	struct wire wire = { { (const char *)bytes, sizeof(bytes) }, false };

	if (r < 0)
		return r;
	bool is_one = wire_u64(&wire) == MAGIC;
	leftover->boot = wire_u64(&wire);
	uint32_t length = wire_u32(&wire);
	leftover->entries = wire_u32(&wire);
	r = is_one ? copy_entries(fd, length, &leftover->bytes) : -EBADMSG;
	if (r < 0)
		return r;
	hash_of(bytes, buf_view(&leftover->bytes), hash);
	return memcmp(hash, bytes + COUNTED_SIZE, SHA256_SIZE) == 0 ? 0 : -EBADMSG;
}

int record_leftover_read(int folder_fd, const char *name, struct record_leftover *ret_leftover)
{
	SCOPED(record_leftover_done)
	struct record_leftover leftover = { .bytes = BUF_MAX(RECORD_BATCH_MAX) };
	SCOPED(close_p) int fd = -1;
	int r = open_file(folder_fd, name, &fd);

	if (r == 0)
		r = read_file(fd, &leftover);
	if (r < 0)
		return r == -ENODATA ? -EBADMSG : r;
	*ret_leftover = leftover;
	leftover.bytes = (struct buf)BUF_MAX(0);
	record_leftover_rewind(ret_leftover);
	return 0;
}

void record_leftover_rewind(struct record_leftover *leftover)
{
	leftover->wire = (struct wire){ .rest = buf_view(&leftover->bytes) };
	leftover->state = (struct record_state){ 0 };
	leftover->given = 0;
}

int record_leftover_next(struct record_leftover *leftover, struct record_entry *ret_entry)
{
	if (leftover->given == leftover->entries)
		return wire_is_done(&leftover->wire) ? 0 : -EBADMSG;
	if (!record_entry_decode(&leftover->wire, &leftover->state, &leftover->lists, ret_entry))
		return -EBADMSG;
	leftover->given++;
	return 1;
}

void record_leftover_done(struct record_leftover *leftover)
{
	buf_done(&leftover->bytes);
}
