/* SPDX-License-Identifier: MIT */
/* How long whoever asks would wait for news (RFC 7240, 4.3). */
#ifndef TOOLS_SERVER_HTTP_PREFER_H
#define TOOLS_SERVER_HTTP_PREFER_H

#include "tools/server/http/route.h"

/* The seconds of Prefer: wait=SECONDS, `max_s` at most; 0: it would not. */
uint64_t prefer_wait_s(const struct request *request, uint64_t max_s);

/* Says in Preference-Applied for how long it would have been held, unless that is 0. */
void prefer_applied(struct reply *reply, uint64_t wait_s);

/* Whether a request that would wait can still be held; then until when (monotonic). */
bool prefer_until(const struct request *request, uint64_t wait_s, uint64_t *ret_until_ns);

#endif
