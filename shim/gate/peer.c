/* SPDX-License-Identifier: MIT */
/* Checking the agent's side of a connection by what the kernel says of it. */
#include "shim/gate/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/slice.h"
#include "common/socket.h"

/* proc(5): the fields of /proc/PID/stat behind the name in parentheses start with the third;
 * starttime is the 22nd. */
#define FIELDS_BEFORE_START 19

/* Clock ticks after boot at which `pid` began, 0 when it cannot be seen. */
static uint64_t start_of(pid_t pid)
{
	char path[32], text[1024];
	uint64_t start = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	SCOPED(close_p) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd >= 0 ? read(fd, text, sizeof(text)) : -1;
	size_t begin = length > 0 ? (size_t)length : 0;
	while (begin > 0 && text[begin - 1] != ')')
		begin--;
	struct slice fields = slice_trim(
		(struct slice){ text + begin, (size_t)(length > 0 ? length : 0) - begin });
	for (int i = 0; i < FIELDS_BEFORE_START; i++)
		slice_cut(&fields, ' ');
	return slice_to_u64(slice_cut(&fields, ' '), &start) < 0 ? 0 : start;
}

static bool owns_folder(const struct peer_identity *peer, const char *path)
{
	char folder[PLACE_PATH_MAX];
	struct stat status;
	size_t length = strlen(path);

	while (length > 1 && path[length - 1] != '/')
		length--;
	memcpy(folder, path, length);
	folder[length] = '\0';
	return stat(folder, &status) == 0 && status.st_uid == peer->uid && !(status.st_mode & 022);
}

/* The kernel shows the process that called listen(2), whatever user ids either side has by now.
 * Across process namespaces it shows 0: then the listener must be of our user or root's, and the
 * folder of its socket such that only that user can have put it there. */
static bool is_supervisor(const struct peer_identity *peer, const struct place *place)
{
	if (peer->pid == 0)
		return (peer->uid == geteuid() || peer->uid == 0) &&
		       owns_folder(peer, place->socket);
	return peer->pid == place->peer && start_of(peer->pid) == place->peer_start;
}

int peer_check(int fd, const struct place *place)
{
	struct peer_identity peer;
	int r = socket_peer(fd, &peer);

	if (r < 0)
		return r;
	if (place->peer > 0)
		return is_supervisor(&peer, place) ? 0 : -EPERM;
	if (peer.uid == geteuid() || peer.uid == 0)
		return 0;
	return place->is_roots && owns_folder(&peer, place->socket) ? 0 : -EPERM;
}
