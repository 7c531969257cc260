/* SPDX-License-Identifier: MIT */
/* Whence a request comes. */
#ifndef TOOLS_SERVER_HTTP_SOURCE_H
#define TOOLS_SERVER_HTTP_SOURCE_H

#include <stdint.h>
#include <sys/socket.h>

struct MHD_Connection;

/* NULL: nobody knows. */
const struct sockaddr *source_address(struct MHD_Connection *connection);

/* A number that stands for it: an address of IPv4, be it mapped (RFC 4291, 2.5.5.2), or the network of
 * one of IPv6, because whoever has an address of that has them all. */
uint64_t source_number(struct MHD_Connection *connection);

#endif
