/* SPDX-License-Identifier: MIT */
#include "tools/server/api/openapi.h"

#include <microhttpd.h>

#include "tools/command/embedded.h"

extern const struct embedded DESCRIPTIONS[];

int openapi_answer(const struct request *request, struct reply *reply)
{
	(void)request;
	reply->status = MHD_HTTP_OK;
	reply->type = "application/json";
	buf_add_slice(&reply->body, embedded_find(DESCRIPTIONS, "openapi.json"));
	return 0;
}
