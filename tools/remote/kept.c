/* SPDX-License-Identifier: MIT */
#include "tools/remote/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "control/base64.h"

#define LOCK_NAME "lock"

static int open_file(const char *folder, const char *name, int *ret_fd)
{
	SCOPED(close_p) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	*ret_fd = fd < 0 ? fd : openat(fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	return *ret_fd < 0 ? -errno : 0;
}

#define READER_TRIES   100
#define READER_WAIT_NS (10 * MILLISECOND_NS)

static int lock(int fd, int how)
{
	int r;

	do
		r = flock(fd, how);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : 0;
}

static int open_private(const char *folder, int *ret_fd, struct error *error)
{
	int r = folder_open_private(folder, ret_fd);

	if (r == -EPERM)
		return error_set(error, r, "%.300s must be yours, and nobody else's: chmod 700",
				 folder);
	return r < 0 ? error_system(error, r, folder) : 0;
}

int kept_lock(const char *folder, int *ret_fd, struct error *error)
{
	SCOPED(close_p) int folder_fd = -1;
	SCOPED(close_p) int fd = -1;
	int r = open_private(folder, &folder_fd, error);

	if (r < 0)
		return r;
	fd = openat(folder_fd, LOCK_NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	r = fd < 0 ? -errno : lock(fd, LOCK_EX);
	if (r < 0)
		return error_system(error, r, folder);
	*ret_fd = steal_fd(&fd);
	return 0;
}

void kept_lock_to_read(const char *folder, int *ret_fd)
{
	const struct timespec pause = { 0, (long)READER_WAIT_NS };
	int r = open_file(folder, LOCK_NAME, ret_fd) < 0 ? 0 : -EWOULDBLOCK;

	for (int i = 0; r == -EWOULDBLOCK && i < READER_TRIES; i++) {
		if (i > 0)
			nanosleep(&pause, NULL);
		r = lock(*ret_fd, LOCK_SH | LOCK_NB);
	}
}

int kept_write(const char *folder, const char *name, struct slice text, struct error *error)
{
	SCOPED(close_p) int fd = -1;
	int r = open_private(folder, &fd, error);

	if (r < 0)
		return r;
	r = file_replace(fd, name, text.at, text.length);
	return r < 0 ? error_system(error, r, folder) : 0;
}

int kept_check_owner(int fd, const char *name, struct error *error)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return error_system(error, -errno, name);
	if ((status.st_uid != geteuid() && status.st_uid != 0) || (status.st_mode & 077))
		return error_set(error, -EPERM, "%.300s is not the user's own file with mode 0600",
				 name);
	return 0;
}

int kept_read(const char *folder, const char *name, struct buf *text, struct error *error)
{
	SCOPED(close_p) int fd = -1;
	int r = open_file(folder, name, &fd);

	if (r == -ENOENT)
		return r;
	if (r < 0)
		return error_system(error, r, folder);
	r = kept_check_owner(fd, name, error);
	if (r < 0)
		return r;
	r = file_read_fd(fd, text);
	return r < 0 ? error_system(error, r, folder) : 0;
}

bool kept_is(const char *folder, const char *name)
{
	int fd, r = open_file(folder, name, &fd);

	if (r == 0)
		close(fd);
	return r != -ENOENT && r != -ENOTDIR;
}

static bool is_word(struct slice text)
{
	for (size_t i = 0; i < text.length; i++) {
		if (text.at[i] <= ' ' || text.at[i] > '~')
			return false;
	}
	return text.length > 0;
}

static int fill_word(struct slice text, size_t size, char *ret_word)
{
	if (!is_word(text) || text.length >= size)
		return -EPROTO;
	snprintf(ret_word, size, "%.*s", SLICE_ARGUMENTS(text));
	return 0;
}

static int fill_bytes(struct slice text, size_t size, void *ret_bytes)
{
	size_t length;

	return base64url_read(text, ret_bytes, size, &length) < 0 || length != size ? -EPROTO : 0;
}

int kept_fill(const json_t *document, const struct kept_row *rows, size_t count, void *ret_object)
{
	int r = document ? 0 : -EPROTO;

	for (size_t i = 0; r == 0 && i < count; i++) {
		struct slice text = document_text(document, rows[i].name);
		char *member = (char *)ret_object + rows[i].offset;

		r = rows[i].kind == KEPT_WORD ? fill_word(text, rows[i].size, member)
					      : fill_bytes(text, rows[i].size, member);
	}
	return r;
}
