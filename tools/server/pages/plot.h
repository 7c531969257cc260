/* SPDX-License-Identifier: MIT */
/* Pictures of numbers over time, as SVG that needs no script; the numbers are on it for a script that
 * draws them anew. */
#ifndef TOOLS_SERVER_PAGES_PLOT_H
#define TOOLS_SERVER_PAGES_PLOT_H

#include "tools/server/pages/html.h"

#define PLOT_SERIES_MAX 6u

struct plot_series {
	const char *name; /* as it is called in the legend */
	const int64_t *points;
};

struct plot {
	const char *title;
	int64_t start_ns; /* of the first point, since 1970 */
	uint64_t step_s;
	size_t points, count;
	struct plot_series series[PLOT_SERIES_MAX];
};

/* Appends a figure with its legend, and in words what it shows. */
void plot_add(struct buf *out, const struct plot *plot);

#endif
