/* SPDX-License-Identifier: MIT */
/* Putting a line to the agent where a program dials.  The connection to the server is made here,
 * with the rights and in the network of this process, but only the agent keeps it. */
#include "shim/escape/carry.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>

#include "common/message.h"
#include "shim/escape/dial.h"
#include "shim/gate/outside.h"
#include "shim/preload/guard.h"

/* A program that asks again whether it is connected by now must not lose what it has. */
static bool is_unconnected(int fd, sa_family_t family)
{
	struct sockaddr_storage peer;
	socklen_t length = sizeof(peer), size = sizeof(int);
	int domain = AF_UNSPEC;

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == family &&
	       getpeername(fd, (struct sockaddr *)&peer, &length) < 0 && errno == ENOTCONN;
}

/* What became of a connection that was on its way, as far as the program would wait for it; within a
 * machine that is known at once.  The agent waits for the rest. */
static int outcome(int fd, bool waits)
{
	struct pollfd poller = { fd, POLLOUT, 0 };
	socklen_t size = sizeof(int);
	int failed = 0;

	if (poll(&poller, 1, waits ? -1 : 0) > 0 &&
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &size) == 0)
		return -failed;
	return 0;
}

static int reach(const struct sockaddr_storage *address, socklen_t length, bool waits, int *ret_fd)
{
	SCOPED(close_p)
	int fd = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r = fd < 0 || dial_forward(fd, (const struct sockaddr *)address, length) < 0 ? -errno
											 : 0;

	if (r == -EINPROGRESS)
		r = outcome(fd, waits);
	if (r == 0)
		*ret_fd = steal_fd(&fd);
	return r;
}

/* Puts `line` where `fd` is. */
static int replace(int fd, int line)
{
	int flags = fcntl(fd, F_GETFD);

	if (flags < 0 || fcntl(line, F_SETFL, fcntl(fd, F_GETFL) & O_NONBLOCK) < 0 ||
	    dup3(line, fd, flags & FD_CLOEXEC ? O_CLOEXEC : 0) < 0)
		return -errno;
	return 1;
}

int carry_cancel(int fd, const struct sockaddr_storage *address, socklen_t length,
		 struct slice text)
{
	CANCELLATION_HELD;
	int pair[2], to = -1;

	if (!is_unconnected(fd, address->ss_family) || outside_carry(text, -1, -1) != PERMIT_PASS)
		return 0;
	int r = reach(address, length, !(fcntl(fd, F_GETFL) & O_NONBLOCK), &to);
	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		close(to);
		return 0;
	}
	SCOPED(close_p) int line = pair[0];
	return outside_carry(text, pair[1], to) == PERMIT_PASS ? replace(fd, line) : 0;
}
