/* SPDX-License-Identifier: MIT */
/* A program that ends its statement by a connection of its own, as ruby-pg does, has the agent carry
 * what it writes there: the 16 bytes of a cancel request, and nothing but them. */
#ifndef SHIM_ESCAPE_CARRY_H
#define SHIM_ESCAPE_CARRY_H

#include <sys/socket.h>

#include "common/cleanup.h"
#include "common/slice.h"

/* Connects the program's socket `fd` to the agent in place of `address`, which is `text`.  1 when
 * that is done, 0 when the agent carries nothing there, negative errno when nobody listens there.
 *
 * The descriptor is a unix socket without a name from then on, of which O_NONBLOCK and FD_CLOEXEC
 * are what they were; its copies are not connected.  Waits for nothing but the agent; allocates
 * nothing and takes no lock. */
must_use int carry_cancel(int fd, const struct sockaddr_storage *address, socklen_t length,
			  struct slice text);

#endif
