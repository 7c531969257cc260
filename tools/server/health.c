/* SPDX-License-Identifier: MIT */
#include "tools/server/health.h"

#include <microhttpd.h>

int health_live(const struct request *request, struct reply *reply)
{
	(void)request;
	reply_text(reply, MHD_HTTP_OK, "ok\n");
	return 0;
}

int health_ready(const struct request *request, struct reply *reply)
{
	int r = store_do(request->store, "SELECT count(*) FROM setting", STORE_NO_VALUES);

	if (r < 0)
		reply_problem(reply, MHD_HTTP_SERVICE_UNAVAILABLE,
			      "the database does not answer: chaperone-server check tells more");
	else
		reply_text(reply, MHD_HTTP_OK, "ready\n");
	return 0;
}
