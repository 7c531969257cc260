/* SPDX-License-Identifier: MIT */
#include "tools/server/http/source.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <string.h>

const struct sockaddr *source_address(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *told =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	return told ? told->client_addr : NULL;
}

uint64_t source_number(struct MHD_Connection *connection)
{
	const struct sockaddr *address = source_address(connection);
	uint64_t halves[2] = { 0, 0 };

	if (address && address->sa_family == AF_INET)
		return ((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr;
	if (address && address->sa_family == AF_INET6)
		memcpy(halves, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr,
		       sizeof(halves));
	return halves[0] ? halves[0] : halves[1];
}
