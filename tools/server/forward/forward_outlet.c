/* SPDX-License-Identifier: MIT */
#include "tools/server/forward/forward_outlet.h"

#include <errno.h>
#include <stdio.h>

#include "common/clock.h"

#define IDLE_NS        (500 * MILLISECOND_NS)
#define BACKOFF_NS     (500 * MILLISECOND_NS)
#define BACKOFF_MAX_NS (60 * SECOND_NS)
#define DOUBLINGS_MAX  7u
#define LOST_NS        (2 * SECOND_NS) /* by then the forwarder has seen that the log is not its own */

static int copy_forward(struct forward *copy, const struct forward *forward)
{
	*copy = *forward;
	copy->headers = (struct buf)BUF_MAX(FORWARD_HEADERS_MAX);
	copy->authorities = (struct buf)BUF_MAX(FORWARD_AUTHORITIES_MAX);
	buf_add_slice(&copy->headers, buf_view(&forward->headers));
	buf_add_slice(&copy->authorities, buf_view(&forward->authorities));
	return copy->headers.failed ? copy->headers.failed : copy->authorities.failed;
}

int forward_outlet_new(struct store *store, struct server *server, const struct forward *forward,
		       struct forward_outlet **ret_outlet)
{
	SCOPED(forward_outlet_freep) struct forward_outlet *outlet = calloc(1, sizeof(*outlet));

	if (!outlet)
		return -ENOMEM;
	outlet->store = store;
	outlet->journal = &server->journal;
	outlet->events_max = FORWARD_EVENTS_MAX;
	int r = copy_forward(&outlet->forward, forward);
	if (r == 0)
		r = forward_source_new(store, server->name, forward->log.log, &outlet->source);
	if (r == 0)
		r = forward_sender_new(forward, &outlet->sender);
	if (r < 0)
		return r;
	forward_source_seek(outlet->source, forward);
	*ret_outlet = steal(outlet);
	return 0;
}

void forward_outlet_free(struct forward_outlet *outlet)
{
	if (!outlet)
		return;
	forward_sender_free(outlet->sender);
	forward_source_free(outlet->source);
	forward_batch_done(&outlet->batch);
	forward_done(&outlet->forward);
	free(outlet);
}

void forward_outlet_update(struct forward_outlet *outlet, const struct forward *forward)
{
	bool runs_anew =
		forward->state == FORWARD_RUNNING && outlet->forward.state != FORWARD_RUNNING;

	outlet->is_seen = true;
	outlet->forward.state = forward->state;
	if (!runs_anew)
		return;
	outlet->failures = 0;
	outlet->wake_ns = 0;
}

static void say(const struct forward_outlet *outlet, enum journal_kind kind, const char *why)
{
	const struct journal_pair pairs[] = {
		{ "forward", JOURNAL_TEXT(outlet->forward.name) },
		{ "log", JOURNAL_TEXT(outlet->forward.log.name) },
		{ "state", JOURNAL_TEXT(forward_state_text(outlet->forward.state)) },
		{ "why", JOURNAL_TEXT(why) },
	};

	journal_write(outlet->journal, kind, pairs, why ? COUNT_OF(pairs) : COUNT_OF(pairs) - 1);
}

/* What follows is read anew from what is acknowledged. */
static void give_up_batch(struct forward_outlet *outlet)
{
	outlet->has_batch = false;
	forward_source_seek(outlet->source, &outlet->forward);
}

static void wait_for(struct forward_outlet *outlet, uint64_t wait_ns)
{
	outlet->wake_ns = monotonic_ns() + wait_ns;
}

/* Twice as long each time, and half of that at random: receivers that come back are not met by all who
 * wait at once. */
static void back_off(struct forward_outlet *outlet, uint64_t at_least_ns)
{
	unsigned int doublings =
		outlet->failures < DOUBLINGS_MAX ? outlet->failures : DOUBLINGS_MAX;
	uint64_t longest = BACKOFF_NS << doublings;

	if (longest > BACKOFF_MAX_NS)
		longest = BACKOFF_MAX_NS;
	uint64_t wait_ns = longest / 2 + (uint64_t)random() % (longest / 2);
	wait_for(outlet, at_least_ns + wait_ns / (at_least_ns > 0 ? 4 : 1));
}

/* Said once, and then again when it is over. */
static void fail(struct forward_outlet *outlet, const char *error, bool stops)
{
	if (stops)
		outlet->forward.state = FORWARD_STOPPED;
	if (outlet->failures++ == 0 || stops)
		say(outlet, JOURNAL_UNFORWARDED, error);
	int r = forward_fail(outlet->store, &outlet->forward, error, stops);
	if (r < 0)
		say(outlet, JOURNAL_UNFORWARDED, store_reason(outlet->store, r));
}

static void fail_by_store(struct forward_outlet *outlet, int r)
{
	char why[FORWARD_ERROR_MAX];

	snprintf(why, sizeof(why), "%s", store_reason(outlet->store, r));
	give_up_batch(outlet);
	fail(outlet,
	     r == -EUCLEAN ? "what the server has of the record is damaged: chaperone-server check"
			   : why,
	     r == -EUCLEAN);
	back_off(outlet, 0);
}

static void acknowledge(struct forward_outlet *outlet, const struct sending *sending)
{
	const struct forward_batch *batch = &outlet->batch;
	char skipped[FORWARD_ERROR_MAX];
	struct forward_receipt receipt = { .progress = batch->after,
					   .sent = batch->events,
					   .skipped = batch->skipped,
					   .is_answered = sending != NULL };

	if (batch->skipped > 0) {
		snprintf(skipped, sizeof(skipped),
			 "event %s is larger than %zu MiB and was not sent", batch->skipped_uid,
			 FORWARD_EVENT_MAX / MIB);
		receipt.error = skipped;
	} else if (sending && sending->said[0]) {
		receipt.error = sending->said;
		receipt.rejected = sending->rejected;
	}
	int r = forward_acknowledge(outlet->store, &outlet->forward, &receipt);
	if (r == -ENOENT) {
		give_up_batch(outlet);
		wait_for(outlet, LOST_NS);
		return;
	}
	if (r < 0) {
		fail_by_store(outlet, r);
		return;
	}
	if (receipt.error)
		say(outlet, JOURNAL_REJECTED, receipt.error);
	outlet->forward.progress = batch->after;
	outlet->has_batch = false;
}

static bool is_further(const struct forward_progress *a, const struct forward_progress *b)
{
	return a->next.leaf != b->next.leaf || a->next.place != b->next.place ||
	       a->open_leaf != b->open_leaf;
}

/* A batch without events leads further without a request. */
static bool fill(struct forward_outlet *outlet)
{
	struct forward_batch *batch = &outlet->batch;

	forward_batch_begin(batch, outlet->forward.kind, outlet->events_max);
	int r = forward_source_fill(outlet->source, batch);
	if (r < 0) {
		fail_by_store(outlet, r);
		return false;
	}
	outlet->has_batch = batch->events > 0;
	if (outlet->has_batch)
		return true;
	if (is_further(&batch->after, &outlet->forward.progress))
		acknowledge(outlet, NULL);
	else
		wait_for(outlet, IDLE_NS);
	return false;
}

CURL *forward_outlet_step(struct forward_outlet *outlet)
{
	if (outlet->request || outlet->forward.state != FORWARD_RUNNING ||
	    monotonic_ns() < outlet->wake_ns)
		return NULL;
	if (!outlet->has_batch && !fill(outlet))
		return NULL;
	outlet->request = forward_sender_begin(outlet->sender, forward_batch_body(&outlet->batch));
	return outlet->request;
}

static void end_taken(struct forward_outlet *outlet, const struct sending *sending)
{
	if (outlet->failures > 0)
		say(outlet, JOURNAL_FORWARDS, NULL);
	outlet->failures = 0;
	if (outlet->events_max < FORWARD_EVENTS_MAX)
		outlet->events_max++;
	acknowledge(outlet, sending);
}

static void end_again(struct forward_outlet *outlet, const struct sending *sending)
{
	fail(outlet, sending->said, false);
	back_off(outlet, sending->after_s * SECOND_NS);
}

static void end_refused(struct forward_outlet *outlet, const struct sending *sending)
{
	give_up_batch(outlet);
	fail(outlet, sending->said, true);
}

static void end_too_large(struct forward_outlet *outlet, const struct sending *sending)
{
	if (outlet->batch.events <= 1) {
		end_refused(outlet, sending);
		return;
	}
	outlet->events_max = outlet->batch.events / 2;
	give_up_batch(outlet);
}

void forward_outlet_end(struct forward_outlet *outlet, CURLcode code)
{
	static void (*const ENDS[])(struct forward_outlet *, const struct sending *) = {
		[SENDING_TAKEN] = end_taken,
		[SENDING_AGAIN] = end_again,
		[SENDING_TOO_LARGE] = end_too_large,
		[SENDING_REFUSED] = end_refused,
	};
	struct sending sending;

	outlet->request = NULL;
	forward_sender_end(outlet->sender, code, &sending);
	ENDS[sending.end](outlet, &sending);
}
