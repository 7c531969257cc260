/* SPDX-License-Identifier: MIT */
/* Events as one request to a receiver. */
#ifndef TOOLS_SERVER_FORWARD_FORWARD_BATCH_H
#define TOOLS_SERVER_FORWARD_FORWARD_BATCH_H

#include "tools/server/forward/forward.h"
#include "tools/server/forward/otlp.h"

#define FORWARD_EVENTS_MAX     500u      /* in a batch */
#define FORWARD_BYTES_ENOUGH   (1 * MIB) /* begins no further event */
#define FORWARD_EVENT_MAX      (8 * MIB) /* an event that is larger is not sent */
#define FORWARD_EVENT_NAME_MAX 160u

struct forward_batch {
	enum forward_kind kind;
	size_t events_max;
	struct forward_progress after; /* once it is acknowledged */
	uint64_t events, skipped;
	char skipped_uid[FORWARD_EVENT_NAME_MAX]; /* the last one of those */
	struct otlp otlp;
	struct buf event, request, packed;
};

/* Begins an empty one; what the last one was made of is used again.  Zeroed memory will do. */
void forward_batch_begin(struct forward_batch *batch, enum forward_kind kind, size_t events_max);
void forward_batch_done(struct forward_batch *batch);

bool forward_batch_is_full(const struct forward_batch *batch);

/* Adds an event of the machine `agent`.  One that is too large is skipped and counted. */
must_use int forward_batch_add(struct forward_batch *batch, const struct audit_event *event,
			       struct slice agent, const struct ocsf_carrier *carrier);

/* What is sent is whole then. */
must_use int forward_batch_end(struct forward_batch *batch);
struct slice forward_batch_body(const struct forward_batch *batch);

#endif
