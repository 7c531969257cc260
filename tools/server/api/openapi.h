/* SPDX-License-Identifier: MIT */
/* The description of the server's API (openapi.json), which is part of the program. */
#ifndef TOOLS_SERVER_API_OPENAPI_H
#define TOOLS_SERVER_API_OPENAPI_H

#include "tools/server/http/route.h"

/* GET /v1/openapi.json */
int openapi_answer(const struct request *request, struct reply *reply);

#endif
