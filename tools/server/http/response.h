/* SPDX-License-Identifier: MIT */
/* A reply as libmicrohttpd sends it, with the headers that every answer has. */
#ifndef TOOLS_SERVER_HTTP_RESPONSE_H
#define TOOLS_SERVER_HTTP_RESPONSE_H

#include "tools/server/http/reply.h"

struct MHD_Response;

/* Takes the reply's body.  `allowed`: the methods of a path that was asked with another one, or empty.  NULL: there is no
 * memory. */
struct MHD_Response *response_new(struct reply *reply, const struct buf *allowed);

#endif
