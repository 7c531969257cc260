/* SPDX-License-Identifier: MIT */
/* Folders, locks and sockets of agents. */
#include "tools/chaperone/agent_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/socket.h"

#define LEAVING_TRIES    75
#define LEAVING_PAUSE_NS (20 * MILLISECOND_NS)

static int split(const char *socket, struct agent_place *place)
{
	const char *slash = strrchr(socket, '/');

	if (socket[0] != '/' || !slash[1])
		return -EINVAL;
	int length = slash == socket ? 1 : (int)(slash - socket);
	if (strlen(socket) >= sizeof(place->socket))
		return -ENAMETOOLONG;
	snprintf(place->socket, sizeof(place->socket), "%s", socket);
	snprintf(place->folder, sizeof(place->folder), "%.*s", length, socket);
	return 0;
}

/* Whoever can write the folder can put another socket there. */
static int open_folder(const char *path, int *ret_fd)
{
	struct stat status;
	bool is_new = mkdir(path, 0755) == 0;
	SCOPED(close_p) int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || (is_new && fchmod(fd, 0755) < 0) || fstat(fd, &status) < 0)
		return -errno;
	if (status.st_uid != geteuid() || (status.st_mode & 022))
		return -EPERM;
	*ret_fd = steal_fd(&fd);
	return 0;
}

static int open_lock(int folder, int *ret_lock)
{
	int fd = openat(folder, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	*ret_lock = fd;
	return fd < 0 ? -errno : 0;
}

int agent_place_open(const char *socket, struct agent_place *ret_place, struct error *error)
{
	SCOPED(close_p) int folder = -1;
	int r = split(socket, ret_place);

	if (r < 0)
		return error_set(error, r, "--socket wants an absolute path, and '%.200s' is none",
				 socket);
	r = open_folder(ret_place->folder, &folder);
	if (r == -EPERM)
		return error_set(
			error, r,
			"%.300s must be a folder that belongs to this user and that nobody else may write",
			ret_place->folder);
	if (r == 0)
		r = open_lock(folder, &ret_place->lock);
	if (r < 0)
		return error_system(error, r, ret_place->folder);
	if (flock(ret_place->lock, LOCK_EX | LOCK_NB) < 0)
		return error_set(error, -EBUSY, "another agent serves at %.300s", socket);
	return 0;
}

/* 0 with the lock, -EALREADY when somebody answers. */
static int wait_for_lock(const struct agent_place *place)
{
	struct timespec pause = { 0, (long)LEAVING_PAUSE_NS };

	for (int i = 0; i < LEAVING_TRIES; i++) {
		SCOPED(close_p) int other = -1;

		if (flock(place->lock, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (socket_connect(place->socket, &other) == 0)
			return -EALREADY;
		nanosleep(&pause, NULL);
	}
	return -EBUSY;
}

int agent_place_open_private(const char *socket, struct agent_place *ret_place, struct error *error)
{
	SCOPED(close_p) int folder = -1;
	int r = split(socket, ret_place);

	if (r == 0)
		r = folder_open_private(ret_place->folder, &folder);
	if (r == 0)
		r = open_lock(folder, &ret_place->lock);
	if (r == 0)
		r = wait_for_lock(ret_place);
	return r < 0 ? error_system(error, r, ret_place->folder) : 0;
}

static int try_rings(struct agent_place *place, const char *name)
{
	int n = snprintf(place->rings, sizeof(place->rings), "%s/%s", place->folder, name);

	if (n < 0 || (size_t)n >= sizeof(place->rings))
		return -ENAMETOOLONG;
	int r = folder_open_private(place->rings, &place->rings_lock);
	if (r == 0 && flock(place->rings_lock, LOCK_EX | LOCK_NB) < 0)
		r = -errno;
	return r;
}

int agent_place_rings(struct agent_place *place, const unsigned char digest[SHA256_SIZE],
		      struct error *error)
{
	char name[64];
	int length = snprintf(name, sizeof(name), "rings-%02x%02x%02x%02x", digest[0], digest[1],
			      digest[2], digest[3]);
	int r = try_rings(place, name);

	if (r == -EWOULDBLOCK) {
		close_p(&place->rings_lock);
		snprintf(name + length, sizeof(name) - (size_t)length, "-%d", (int)getpid());
		r = try_rings(place, name);
	}
	return r < 0 ? error_system(error, r, place->rings) : 0;
}

int agent_place_listen(struct agent_place *place, mode_t mode, struct error *error)
{
	int r = socket_listen(place->socket, &place->listening);

	if (r == 0 && chmod(place->socket, mode) < 0)
		r = -errno;
	return r < 0 ? error_system(error, r, place->socket) : 0;
}
