/* SPDX-License-Identifier: MIT */
/* The table of routes. */
#include "tools/server/enrolment.h"
#include "tools/server/health.h"
#include "tools/server/route.h"

#define ENROLMENT_BODY_MAX (4 * KIB)

const struct route ROUTES[] = {
	{ "GET", "/healthz", health_live, ROUTE_ANYBODY, 0 },
	{ "GET", "/readyz", health_ready, ROUTE_ANYBODY, 0 },
	{ "POST", "/v1/enroll", enrolment_answer, ROUTE_ANYBODY, ENROLMENT_BODY_MAX },
	{ "GET", "/v1/agent", agent_answer, ROUTE_AGENT, 0 },
	{ .method = NULL },
};
