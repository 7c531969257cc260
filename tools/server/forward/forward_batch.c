/* SPDX-License-Identifier: MIT */
#include "tools/server/forward/forward_batch.h"

#include <errno.h>
#include <stdio.h>

#include "tools/server/common/gzip.h"

#define REQUEST_MAX (FORWARD_BYTES_ENOUGH + FORWARD_EVENT_MAX + OTLP_TEXT_MAX)

void forward_batch_begin(struct forward_batch *batch, enum forward_kind kind, size_t events_max)
{
	batch->kind = kind;
	batch->events_max = events_max;
	batch->events = batch->skipped = 0;
	otlp_end(&batch->otlp); /* one that was given up half way */
	buf_clear(&batch->request);
	buf_clear(&batch->packed);
	batch->event.length_max = FORWARD_EVENT_MAX;
	batch->request.length_max = batch->packed.length_max = REQUEST_MAX;
	batch->otlp.out = &batch->request;
}

void forward_batch_done(struct forward_batch *batch)
{
	if (batch->otlp.out)
		otlp_end(&batch->otlp);
	buf_done(&batch->event);
	buf_done(&batch->request);
	buf_done(&batch->packed);
}

bool forward_batch_is_full(const struct forward_batch *batch)
{
	return batch->events >= batch->events_max || batch->request.length >= FORWARD_BYTES_ENOUGH;
}

static void add_otlp(struct forward_batch *batch, const struct audit_event *event,
		     struct slice agent, const struct ocsf_carrier *carrier)
{
	otlp_add_event(&batch->otlp, event, agent, carrier, buf_view(&batch->event));
}

static void add_line(struct forward_batch *batch, const struct audit_event *event,
		     struct slice agent, const struct ocsf_carrier *carrier)
{
	(void)event;
	(void)agent;
	(void)carrier;
	buf_add_slice(&batch->request, buf_view(&batch->event));
	buf_add_char(&batch->request, '\n');
}

static int pack_otlp(struct forward_batch *batch)
{
	otlp_end(&batch->otlp);
	if (batch->request.failed)
		return batch->request.failed;
	return gzip_make(buf_view(&batch->request), &batch->packed);
}

static int pack_nothing(struct forward_batch *batch)
{
	return batch->request.failed;
}

static const struct {
	void (*add)(struct forward_batch *, const struct audit_event *, struct slice,
		    const struct ocsf_carrier *);
	int (*pack)(struct forward_batch *);
	bool is_packed;
} KINDS[] = {
	[FORWARD_OTLP] = { add_otlp, pack_otlp, true },
	[FORWARD_NDJSON] = { add_line, pack_nothing, false },
};

int forward_batch_add(struct forward_batch *batch, const struct audit_event *event,
		      struct slice agent, const struct ocsf_carrier *carrier)
{
	buf_clear(&batch->event);
	ocsf_add_event(&batch->event, event, carrier);
	if (batch->event.failed == -E2BIG) {
		batch->skipped++;
		snprintf(batch->skipped_uid, sizeof(batch->skipped_uid), "%s", carrier->uid);
		return 0;
	}
	if (batch->event.failed)
		return batch->event.failed;
	KINDS[batch->kind].add(batch, event, agent, carrier);
	batch->events++;
	return batch->request.failed;
}

int forward_batch_end(struct forward_batch *batch)
{
	return KINDS[batch->kind].pack(batch);
}

struct slice forward_batch_body(const struct forward_batch *batch)
{
	return buf_view(KINDS[batch->kind].is_packed ? &batch->packed : &batch->request);
}
