/* SPDX-License-Identifier: MIT */
/* The table of routes. */
#include "tools/server/enrolment.h"
#include "tools/server/health.h"
#include "tools/server/route.h"

const struct route ROUTES[] = {
	{ "GET", "/healthz", health_live },
	{ "GET", "/readyz", health_ready },
	{ "POST", "/v1/enroll", enrolment_answer },
	{ NULL, NULL, NULL },
};
