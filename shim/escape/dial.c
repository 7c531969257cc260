/* SPDX-License-Identifier: MIT */
/* The stand-in for connect: a database is dialled by the text of a governed client library, or not
 * at all (decisions.md 4).
 *
 * A process that has governed connections may dial their servers for one thing more, to ask that a
 * statement be ended; what it writes then goes through the agent.
 *
 * Like connect itself it may be called in signal handlers, after fork and in vfork children: it
 * takes no lock and allocates nothing.  To an address that is no database's it adds the look at the
 * address. */
#include "shim/escape/dial.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "common/address.h"
#include "shim/escape/carry.h"
#include "shim/escape/destination.h"
#include "shim/escape/line.h"
#include "shim/escape/seen.h"
#include "shim/gate/outside.h"
#include "shim/preload/auditor.h"
#include "shim/preload/guard.h"
#include "shim/preload/instance.h"
#include "shim/preload/next.h"
#include "shim/preload/sentinel.h"

/* No process has anything in its first or its last page, so that the kernel can say EFAULT. */
#define PAGE 4096u

#define REFUSED "refused a connection to %s at %s: "

/* What is said of a client that is where nothing can be preloaded. */
#define FOREIGN " from a namespace of its own (dlmopen)"

int dial_forward(int fd, const struct sockaddr *address, socklen_t length)
{
	__typeof__(&connect) next = NEXT(connect);

	return next ? next(fd, (__CONST_SOCKADDR_ARG){ .__sockaddr__ = address }, length)
		    : (int)syscall(SYS_connect, fd, address, length);
}

/* Databases are spoken to over streams; what is no socket is the kernel's to refuse. */
static bool is_stream(int fd)
{
	int type = 0;
	socklen_t length = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_STREAM;
}

static bool decide(const char *database, const char *text, uint64_t key, bool is_told)
{
	int permit = outside_permit(OUTSIDE_CONNECTION, slice_of(text), true);
	enum seen_state state = permit < 0                ? SEEN_UNANSWERED
				: permit == PERMIT_REFUSE ? SEEN_REFUSED
							  : SEEN_ALLOWED;

	if (!seen_note(key, state) || is_told)
		return state == SEEN_ALLOWED;
	if (state == SEEN_UNANSWERED)
		line_say(REFUSED
			 "its client is not governed, and no agent answers to say whether it may",
			 database, text);
	else if (state == SEEN_REFUSED)
		line_say(REFUSED "its client is not governed (`chaperone doctor` says which are)",
			 database, text);
	else
		line_say(
			"a connection to %s at %s is NOT GOVERNED: what passes over it is neither judged nor recorded",
			database, text);
	return state == SEEN_ALLOWED;
}

static bool may_dial(const char *database, const char *text)
{
	uint64_t key = seen_key(slice_of(text));
	enum seen_state state = seen_find(key);
	if (state == SEEN_REFUSED || state == SEEN_ALLOWED)
		return state == SEEN_ALLOWED;
	return decide(database, text, key, state == SEEN_UNANSWERED);
}

/* A client library that no governed call has entered is not registered, and not governed. */
static bool is_governed(const void *caller)
{
	return preload_holds(caller) || instance_holding(caller);
}

/* 0: the call is to be forwarded; 1: it is answered; negative errno: it fails. */
static int settle(int fd, const struct sockaddr_storage *address, socklen_t length,
		  const void *caller)
{
	KEEP_ERRNO;
	const char *database = destination_database(address, length);
	char text[ADDRESS_TEXT_MAX];

	if (!database || is_governed(caller) || !is_stream(fd))
		return 0;
	address_write(address, length, text, sizeof(text));
	int r = seen_find(seen_key(slice_of(text))) == SEEN_ALLOWED
			? 0
			: carry_cancel(fd, address, length, slice_of(text));
	if (r == 0 && !may_dial(database, text))
		r = -EACCES;
	return r;
}

STAND_IN int chaperone_shim_guard(int fd, const void *address, unsigned length)
{
	KEEP_ERRNO;
	struct sockaddr_storage copy;
	char text[ADDRESS_TEXT_MAX + sizeof(FOREIGN)];

	if (length > sizeof(copy))
		return 0;
	memcpy(&copy, address, length);
	const char *database = destination_database(&copy, length);
	if (!database || !is_stream(fd))
		return 0;
	address_write(&copy, length, text, ADDRESS_TEXT_MAX);
	memcpy(text + strlen(text), FOREIGN, sizeof(FOREIGN));
	return may_dial(database, text) ? 0 : -EACCES;
}

/* The kernel sees the copy that was looked at, which no other thread can edit. */
STAND_IN int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t length)
{
	const void *caller = CALLER_ADDRESS();
	const struct sockaddr *given = address.__sockaddr__;
	struct sockaddr_storage copy;

	if ((uintptr_t)given + PAGE < 2 * PAGE || length > sizeof(copy))
		return dial_forward(fd, given, length);
	memcpy(&copy, given, length);
	int r = settle(fd, &copy, length, caller);
	if (r < 0) {
		errno = -r;
		return -1;
	}
	return r > 0 ? 0 : dial_forward(fd, (const struct sockaddr *)&copy, length);
}
