/* SPDX-License-Identifier: MIT */
/* Where the server listens, as people write it. */
#ifndef TOOLS_SERVER_HTTP_LISTEN_H
#define TOOLS_SERVER_HTTP_LISTEN_H

#include <netinet/in.h>

#include "common/cleanup.h"
#include "common/error.h"

#define LISTEN_TEXT_MAX 300u

/* Reads HOST:PORT, where an IPv6 address stands in brackets and an empty host means every address. */
must_use int listen_read(const char *text, struct sockaddr_storage *ret_address,
			 struct error *error);

#endif
