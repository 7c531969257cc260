/* SPDX-License-Identifier: MIT */
/* Reading whole files, private folders, and replacing a file at once. */
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int read_all(int fd, struct buf *buf)
{
	for (;;) {
		size_t before = buf->length;
		char *room = buf_extend(buf, 16 * KIB);

		if (!room && buf->failed == -E2BIG && buf->length < buf->length_max) {
			buf->failed = 0;
			room = buf_extend(buf, buf->length_max - buf->length);
		}
		if (!room)
			return buf->failed;
		ssize_t n = read(fd, room, buf->length - before);
		int code = -errno;

		buf_truncate(buf, before + (n > 0 ? (size_t)n : 0));
		if (n < 0 && code != -EINTR)
			return code;
		if (n == 0)
			return 0;
	}
}

int file_read_fd(int fd, struct buf *buf)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (S_ISDIR(status.st_mode))
		return -EISDIR;
	if (!S_ISREG(status.st_mode))
		return -ENOTSUP;
	return read_all(fd, buf);
}

int file_read(const char *path, struct buf *buf)
{
	SCOPED(close_p) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	return fd < 0 ? -errno : file_read_fd(fd, buf);
}

static int make_parents(const char *path)
{
	char part[PATH_MAX];
	size_t length = strlen(path);

	if (length >= sizeof(part))
		return -ENAMETOOLONG;
	memcpy(part, path, length + 1);
	for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(part, 0700) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return mkdir(part, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

int folder_open_private(const char *path, int *ret_fd)
{
	struct stat status;
	int r = make_parents(path);

	if (r < 0)
		return r;
	SCOPED(close_p) int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (status.st_uid != geteuid() || (status.st_mode & 077) != 0)
		return -EPERM;
	*ret_fd = steal_fd(&fd);
	return 0;
}

int folder_list(int folder_fd, DIR **ret_list)
{
	SCOPED(close_p) int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd >= 0 ? fdopendir(fd) : NULL;

	if (!list)
		return -errno;
	(void)steal_fd(&fd);
	*ret_list = list;
	return 0;
}

int file_write_all(int fd, const void *bytes, size_t length)
{
	const char *at = bytes;

	while (length > 0) {
		ssize_t n = write(fd, at, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		length -= (size_t)n;
	}
	return 0;
}

static int write_and_sync(int folder_fd, const char *name, const void *bytes, size_t length)
{
	SCOPED(close_p)
	int fd =
		openat(folder_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	int r = file_write_all(fd, bytes, length);
	if (r < 0)
		return r;
	return fsync(fd) < 0 ? -errno : 0;
}

int file_replace(int folder_fd, const char *name, const void *bytes, size_t length)
{
	char temporary[NAME_MAX + 1];
	int n = snprintf(temporary, sizeof(temporary), ".%s.%d", name, (int)getpid());

	if (n < 0 || (size_t)n >= sizeof(temporary))
		return -ENAMETOOLONG;
	int r = write_and_sync(folder_fd, temporary, bytes, length);
	if (r == 0 && renameat(folder_fd, temporary, folder_fd, name) < 0)
		r = -errno;
	if (r < 0) {
		unlinkat(folder_fd, temporary, 0);
		return r;
	}
	return fsync(folder_fd) < 0 ? -errno : 0;
}
