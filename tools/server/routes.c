/* SPDX-License-Identifier: MIT */
/* The table of routes. */
#include "tools/server/health.h"
#include "tools/server/route.h"

const struct route ROUTES[] = {
	{ "GET", "/healthz", health_live },
	{ "GET", "/readyz", health_ready },
	{ NULL, NULL, NULL },
};
