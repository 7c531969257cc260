/* SPDX-License-Identifier: MIT */
/* The thread that sends the record on (doc/forwarding.md). */
#ifndef TOOLS_SERVER_FORWARD_FORWARDER_H
#define TOOLS_SERVER_FORWARD_FORWARDER_H

#include "common/cleanup.h"
#include "tools/server/http/server.h"

struct forwarder;

/* Begins with the server's own log; `store` becomes its own, also on failure, and `server` outlives it.
 * Called before other threads use libcurl. */
must_use int forwarder_start(struct store *store, struct server *server,
			     struct forwarder **ret_forwarder);

/* Ends it, also in the middle of a request, which is sent again the next time.  Accepts NULL. */
void forwarder_stop(struct forwarder *forwarder);

#endif
