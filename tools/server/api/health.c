/* SPDX-License-Identifier: MIT */
#include "tools/server/api/health.h"

#include <microhttpd.h>

#include "tools/server/http/server.h"

int health_live(const struct request *request, struct reply *reply)
{
	(void)request;
	reply_text(reply, MHD_HTTP_OK, "ok\n");
	return 0;
}

int health_ready(const struct request *request, struct reply *reply)
{
	char why[REPLY_WHY_SIZE];

	if (pulse_is_there(&request->server->pulse, why))
		reply_text(reply, MHD_HTTP_OK, "ready\n");
	else
		reply_failure(reply, MHD_HTTP_SERVICE_UNAVAILABLE,
			      "nothing can be kept: the server's log says why", why);
	return 0;
}
