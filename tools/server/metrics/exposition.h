/* SPDX-License-Identifier: MIT */
/* Prometheus' text format 0.0.4: families of samples, each of which has a name, labels and a number
 * (prometheus.io/docs/instrumenting/exposition_formats). */
#ifndef TOOLS_SERVER_METRICS_EXPOSITION_H
#define TOOLS_SERVER_METRICS_EXPOSITION_H

#include "common/buf.h"

#define EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct exposition_label {
	const char *name; /* [a-zA-Z_][a-zA-Z0-9_]* */
	struct slice value;
};

struct exposition_labels {
	const struct exposition_label *at;
	size_t count;
};

#define EXPOSITION_LABELS(...)                                                                     \
	((struct exposition_labels){                                                               \
		(const struct exposition_label[]){ __VA_ARGS__ },                                  \
		COUNT_OF(((const struct exposition_label[]){ __VA_ARGS__ })) })
#define EXPOSITION_NO_LABELS ((struct exposition_labels){ NULL, 0 })

/* Begins a family, whose samples follow it; `type` is "counter", "gauge" or "histogram". */
void exposition_family(struct buf *out, const char *name, const char *type, const char *help);

/* Adds a sample; the family's name, and for those of a histogram what follows it ("_bucket"). */
void exposition_count(struct buf *out, const char *name, struct exposition_labels labels,
		      uint64_t number);

/* As that, of a time in seconds. */
void exposition_seconds(struct buf *out, const char *name, struct exposition_labels labels,
			uint64_t time_ns);

#endif
