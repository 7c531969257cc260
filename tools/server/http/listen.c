/* SPDX-License-Identifier: MIT */
#include "tools/server/http/listen.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "common/slice.h"

DEFINE_FREEP(struct addrinfo, addresses_freep, freeaddrinfo)

/* Parts `text` at its last colon. */
static int split(const char *text, char ret_host[LISTEN_TEXT_MAX], const char **ret_port)
{
	const char *colon = strrchr(text, ':');
	size_t length = colon ? (size_t)(colon - text) : 0;

	if (!colon || length >= LISTEN_TEXT_MAX)
		return -EINVAL;
	if (length >= 2 && text[0] == '[' && text[length - 1] == ']')
		snprintf(ret_host, LISTEN_TEXT_MAX, "%.*s", (int)length - 2, text + 1);
	else
		snprintf(ret_host, LISTEN_TEXT_MAX, "%.*s", (int)length, text);
	*ret_port = colon + 1;
	return 0;
}

int listen_read(const char *text, struct sockaddr_storage *ret_address, struct error *error)
{
	static const struct addrinfo HINTS = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
					       .ai_socktype = SOCK_STREAM };
	SCOPED(addresses_freep) struct addrinfo *found = NULL;
	char host[LISTEN_TEXT_MAX];
	const char *port;

	if (split(text, host, &port) < 0)
		return error_set(error, -EINVAL, "'%.200s' is not HOST:PORT", text);
	int code = getaddrinfo(host[0] ? host : NULL, port, &HINTS, &found);
	if (code != 0)
		return error_set(error, -EINVAL, "'%.200s' is no address: %s", text,
				 gai_strerror(code));
	memset(ret_address, 0, sizeof(*ret_address));
	memcpy(ret_address, found->ai_addr, found->ai_addrlen);
	return 0;
}
