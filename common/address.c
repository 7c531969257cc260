/* SPDX-License-Identifier: MIT */
/* Writing the addresses of sockets. */
#include "common/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

/* A path that fills sun_path needs no NUL; the name of an abstract socket begins with one, and all
 * of it counts (unix(7)). */
struct slice address_path(const struct sockaddr_storage *address, socklen_t length)
{
	const struct sockaddr_un *unix_address = (const struct sockaddr_un *)address;
	size_t size = length - offsetof(struct sockaddr_un, sun_path);
	struct slice path = { unix_address->sun_path, size };

	if (size > 0 && path.at[0] == '\0')
		return slice_part(path, 1, size);
	path.length = strnlen(path.at, size);
	return path;
}

static void write_inet(const struct sockaddr_storage *address, char *ret_text, size_t size)
{
	const struct sockaddr_in *inet = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *inet6 = (const struct sockaddr_in6 *)address;
	bool is_inet6 = address->ss_family == AF_INET6;
	char host[INET6_ADDRSTRLEN] = "?";

	if (is_inet6 && IN6_IS_ADDR_V4MAPPED(&inet6->sin6_addr)) {
		inet_ntop(AF_INET, &inet6->sin6_addr.s6_addr[12], host, sizeof(host));
		is_inet6 = false;
	} else {
		inet_ntop(address->ss_family,
			  is_inet6 ? (const void *)&inet6->sin6_addr : &inet->sin_addr, host,
			  sizeof(host));
	}
	snprintf(ret_text, size, is_inet6 ? "[%s]:%u" : "%s:%u", host, ntohs(inet->sin_port));
}

void address_write(const struct sockaddr_storage *address, socklen_t length, char *ret_text,
		   size_t size)
{
	struct slice path;

	if (address->ss_family != AF_UNIX) {
		write_inet(address, ret_text, size);
		return;
	}
	path = address_path(address, length);
	bool is_abstract = path.at != ((const struct sockaddr_un *)address)->sun_path;
	snprintf(ret_text, size, "%s%.*s", is_abstract ? "@" : "", SLICE_ARGUMENTS(path));
}

int address_of_peer(int socket, char *ret_text, size_t size)
{
	struct sockaddr_storage address = { 0 };
	socklen_t length = sizeof(address);

	if (getpeername(socket, (struct sockaddr *)&address, &length) < 0)
		return -errno;
	address_write(&address, length, ret_text, size);
	return 0;
}
