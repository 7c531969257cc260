/* SPDX-License-Identifier: MIT */
/* How agents deliver their records (doc/delivery.md). */
#ifndef TOOLS_SERVER_API_DELIVERY_H
#define TOOLS_SERVER_API_DELIVERY_H

#include "tools/server/http/route.h"

/* POST /v1/record: a zstd frame of whole batches, headers Record-Part and Record-Offset.  200 once it is
 * committed, 409 for a gap or a fork, 400, 413, 415. */
int delivery_answer(const struct request *request, struct reply *reply);

/* GET /v1/record/{part}: how far the part is here. */
int delivery_position(const struct request *request, struct reply *reply);

#endif
