/* SPDX-License-Identifier: MIT */
/* Telling databases by port and by the name of their socket. */
#include "shim/escape/destination.h"

#include <netinet/in.h>

#include "common/address.h"
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
		return of_socket(address_path(address, length));
	default:
		return NULL;
	}
}
