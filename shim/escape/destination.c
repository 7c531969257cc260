/* SPDX-License-Identifier: MIT */
/* Telling databases by port and by the name of their socket. */
#include "shim/escape/destination.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "common/cleanup.h"
#include "common/slice.h"
#include "shim/preload/start.h"

/* connect(2) takes the first form of sockaddr_in6 too, which had no scope (SIN6_LEN_RFC2133 of
 * Linux). */
#define INET6_LENGTH_MIN 24

#define OF_THE_POLICY "a database of the policy"

static const struct {
	uint16_t port;
	const char *database;
} PORTS[] = {
	{ 5432, "PostgreSQL" },
	{ 3306, "MySQL" },
	{ 33060, "MySQL" }, /* the X protocol, open by default */
	{ 27017, "MongoDB" },
};

/* Of the last part of a path. */
static const struct {
	struct slice pattern;
	const char *database;
} SOCKETS[] = {
	{ { ".s.PGSQL.*", 10 }, "PostgreSQL" },
	{ { "mysql*.sock", 11 }, "MySQL" },
	{ { "mariadb*.sock", 13 }, "MariaDB" },
	{ { "mongodb-*.sock", 14 }, "MongoDB" },
};

/* CHAPERONE_DATABASES: ports, and patterns of sockets' paths, with blanks between them. */
static const char *of_the_policy(uint16_t port, struct slice path)
{
	struct slice words = slice_of(start_value(START_DATABASES));
	uint64_t number;

	while (words.length > 0) {
		struct slice word = slice_cut(&words, ' ');

		if (path.length > 0 ? slice_matches(path, word)
				    : slice_to_u64(word, &number) == 0 && number == port)
			return OF_THE_POLICY;
	}
	return NULL;
}

/* IPv4 and IPv6 have the port in the same place. */
static const char *of_port(const struct sockaddr_storage *address)
{
	uint16_t port = ntohs(((const struct sockaddr_in *)address)->sin_port);

	for (size_t i = 0; i < COUNT_OF(PORTS); i++) {
		if (PORTS[i].port == port)
			return PORTS[i].database;
	}
	return of_the_policy(port, (struct slice){ NULL, 0 });
}

/* A path that fills sun_path needs no NUL; the name of an abstract socket begins with one, and all
 * of it counts (unix(7)). */
static struct slice path_of(const struct sockaddr_storage *address, socklen_t length)
{
	const struct sockaddr_un *unix_address = (const struct sockaddr_un *)address;
	size_t size = length - offsetof(struct sockaddr_un, sun_path);
	struct slice path = { unix_address->sun_path, size };

	if (size > 0 && path.at[0] == '\0')
		return slice_part(path, 1, size);
	path.length = strnlen(path.at, size);
	return path;
}

static const char *of_socket(struct slice path)
{
	struct slice name = slice_file_name(path);

	for (size_t i = 0; i < COUNT_OF(SOCKETS); i++) {
		if (slice_matches(name, SOCKETS[i].pattern))
			return SOCKETS[i].database;
	}
	return path.length > 0 ? of_the_policy(0, path) : NULL;
}

const char *destination_database(const struct sockaddr_storage *address, socklen_t length)
{
	if (length < sizeof(address->ss_family))
		return NULL;
	switch (address->ss_family) {
	case AF_INET:
		return length >= sizeof(struct sockaddr_in) ? of_port(address) : NULL;
	case AF_INET6:
		return length >= INET6_LENGTH_MIN ? of_port(address) : NULL;
	case AF_UNIX:
		return of_socket(path_of(address, length));
	default:
		return NULL;
	}
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

void destination_write(const struct sockaddr_storage *address, socklen_t length, char *ret_text,
		       size_t size)
{
	struct slice path;

	if (address->ss_family != AF_UNIX) {
		write_inet(address, ret_text, size);
		return;
	}
	path = path_of(address, length);
	bool is_abstract = path.at != ((const struct sockaddr_un *)address)->sun_path;
	snprintf(ret_text, size, "%s%.*s", is_abstract ? "@" : "", SLICE_ARGUMENTS(path));
}
