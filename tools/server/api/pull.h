/* SPDX-License-Identifier: MIT */
/* How machines get their bundle, and learn of newer versions. */
#ifndef TOOLS_SERVER_API_PULL_H
#define TOOLS_SERVER_API_PULL_H

#include "tools/server/http/route.h"

#define PULL_WAIT_S 30u /* at most */

/* GET /v1/policy: the newest version of the machine's bundle as an envelope (control/envelope.h), with
 * "VERSION" as its ETag, or 304 where If-None-Match has that; both with a new freshness note in base64
 * in Policy-Fresh.  404: the bundle has none.  With Prefer: wait=SECONDS what is not new is answered when
 * that time is over.  What the machine says of itself in Agent-State is written down. */
int pull_answer(const struct request *request, struct reply *reply);

#endif
