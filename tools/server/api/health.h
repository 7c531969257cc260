/* SPDX-License-Identifier: MIT */
/* What asks whether the server lives, and whether it can serve. */
#ifndef TOOLS_SERVER_API_HEALTH_H
#define TOOLS_SERVER_API_HEALTH_H

#include "tools/server/http/route.h"

/* 200 as long as requests are answered at all. */
int health_live(const struct request *request, struct reply *reply);

/* 200 when data can be kept, 503 when not: the database cannot be written, or the disk is full. */
int health_ready(const struct request *request, struct reply *reply);

#endif
