/* SPDX-License-Identifier: MIT */
/* One reading of all metrics: what their writers have, for metrics*.c alone. */
#ifndef TOOLS_SERVER_METRICS_SCRAPE_H
#define TOOLS_SERVER_METRICS_SCRAPE_H

#include "tools/server/metrics/census.h"
#include "tools/server/metrics/exposition.h"
#include "tools/server/http/http.h"
#include "tools/server/http/server.h"

struct scrape {
	struct buf *out;
	struct server *server;
	struct http_gauges http;
	struct census_agents agents;
	struct census_log log;
	struct census_bundles bundles;
	bool has_agents, has_log, has_bundles; /* the database said so */
	uint64_t now_ns;                       /* since 1970 */
};

/* Writes the samples of one family. */
typedef void (*scrape_fn)(const struct scrape *scrape, const char *name);

struct metric {
	const char *name, *type, *help;
	scrape_fn write;
};

/* Each part of the metrics, which ends with one that has no name. */
extern const struct metric METRICS_REQUESTS[], METRICS_STATE[], METRICS_PROCESS[];

#endif
