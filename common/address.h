/* SPDX-License-Identifier: MIT */
/* Addresses of stream sockets as texts: "127.0.0.1:5432", "[::1]:5432",
 * "/run/postgresql/.s.PGSQL.5432"; an abstract socket begins with "@".  Used inside foreign
 * processes: no allocation. */
#ifndef COMMON_ADDRESS_H
#define COMMON_ADDRESS_H

#include <stddef.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "common/slice.h"

#define ADDRESS_TEXT_MAX 256

/* The path of a unix socket, or the name of an abstract one without the NUL that it begins with.
 * `length` is connect(2)'s. */
struct slice address_path(const struct sockaddr_storage *address, socklen_t length);

/* An IPv4 address that is mapped into IPv6 is written as itself. */
void address_write(const struct sockaddr_storage *address, socklen_t length, char *ret_text,
		   size_t size);

/* Where the socket leads, as the kernel says; empty for a unix socket without a name.  -ENOTCONN:
 * nowhere yet. */
must_use int address_of_peer(int socket, char *ret_text, size_t size);

#endif
