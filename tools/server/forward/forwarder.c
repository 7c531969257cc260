/* SPDX-License-Identifier: MIT */
/* One thread for all receivers: none waits for another, since requests go on beside each other. */
#include "tools/server/forward/forwarder.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "common/clock.h"
#include "tools/server/forward/forward_outlet.h"

#define LOOK_NS     (1 * SECOND_NS) /* how often forwards are read */
#define POLL_MS     250
#define OUTLETS_MAX (FORWARDS_MAX * FORWARD_LOGS_MAX)

struct forwarder {
	struct store *store;
	struct server *server;
	CURLM *multi;
	pthread_t thread;
	atomic_bool is_over;
	struct forward_outlet *outlets[OUTLETS_MAX];
	size_t count;
	bool has_new;     /* one of which it is not written down yet how far it is */
	uint64_t look_ns; /* CLOCK_MONOTONIC */
};

/* ---- which there are ---- */

static struct forward_outlet *find(const struct forwarder *forwarder, const struct forward *forward)
{
	for (size_t i = 0; i < forwarder->count; i++) {
		struct forward_outlet *outlet = forwarder->outlets[i];

		if (outlet->forward.made_ns == forward->made_ns &&
		    outlet->forward.log.log == forward->log.log &&
		    slice_is(slice_of(outlet->forward.name), forward->name))
			return outlet;
	}
	return NULL;
}

static int see(void *context, const struct forward *forward)
{
	struct forwarder *forwarder = context;
	struct forward_outlet *outlet = find(forwarder, forward);

	if (outlet) {
		forward_outlet_update(outlet, forward);
		return 0;
	}
	if (forward->log.log != 0 && !forward->log.has_begun)
		forwarder->has_new = true;
	if (forwarder->count == OUTLETS_MAX || !forward->log.has_begun)
		return 0; /* the place of one that was removed is free the next time */
	int r = forward_outlet_new(forwarder->store, forwarder->server, forward, &outlet);
	if (r < 0)
		return r;
	outlet->is_seen = true;
	forwarder->outlets[forwarder->count++] = outlet;
	return 0;
}

static void take_down(struct forwarder *forwarder, struct forward_outlet *outlet)
{
	if (outlet->request)
		curl_multi_remove_handle(forwarder->multi, outlet->request);
	forward_outlet_free(outlet);
}

static int look_at_all(struct forwarder *forwarder)
{
	int64_t own = forwarder->server->log_number;

	for (size_t i = 0; i < forwarder->count; i++)
		forwarder->outlets[i]->is_seen = false;
	forwarder->has_new = false;
	int r = forward_each(forwarder->store, own, see, forwarder);
	if (r == 0 && forwarder->has_new) {
		forwarder->look_ns = 0;
		r = forward_begin(forwarder->store, own);
	}
	return r;
}

/* Forwards that were removed, and logs that others send on, are let go, also in the middle of a
 * request. */
static void look(struct forwarder *forwarder)
{
	size_t kept = 0;

	if (monotonic_ns() < forwarder->look_ns)
		return;
	forwarder->look_ns = monotonic_ns() + LOOK_NS;
	if (look_at_all(forwarder) < 0)
		return; /* as they were, until the database answers */
	for (size_t i = 0; i < forwarder->count; i++) {
		struct forward_outlet *outlet = forwarder->outlets[i];

		if (outlet->is_seen)
			forwarder->outlets[kept++] = outlet;
		else
			take_down(forwarder, outlet);
	}
	forwarder->count = kept;
}

/* ---- what is sent ---- */

static void step(struct forwarder *forwarder)
{
	for (size_t i = 0; i < forwarder->count; i++) {
		struct forward_outlet *outlet = forwarder->outlets[i];
		CURL *request = forward_outlet_step(outlet);

		if (!request)
			continue;
		curl_easy_setopt(request, CURLOPT_PRIVATE, outlet);
		if (curl_multi_add_handle(forwarder->multi, request) != CURLM_OK)
			forward_outlet_end(outlet, CURLE_OUT_OF_MEMORY);
	}
}

static void collect(struct forwarder *forwarder)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(forwarder->multi, &left))) {
		struct forward_outlet *outlet = NULL;
		CURL *request = message->easy_handle;
		CURLcode code = message->data.result;

		curl_easy_getinfo(request, CURLINFO_PRIVATE, (char **)&outlet);
		curl_multi_remove_handle(forwarder->multi, request);
		forward_outlet_end(outlet, code);
	}
}

static int pause_ms(const struct forwarder *forwarder)
{
	uint64_t now_ns = monotonic_ns(), wake_ns = now_ns + POLL_MS * MILLISECOND_NS;

	for (size_t i = 0; i < forwarder->count; i++) {
		const struct forward_outlet *outlet = forwarder->outlets[i];

		if (!outlet->request && outlet->forward.state == FORWARD_RUNNING &&
		    outlet->wake_ns < wake_ns)
			wake_ns = outlet->wake_ns;
	}
	return wake_ns > now_ns ? (int)((wake_ns - now_ns) / MILLISECOND_NS) + 1 : 0;
}

static void *work(void *context)
{
	struct forwarder *forwarder = context;
	int running;

	while (!forwarder->is_over) {
		look(forwarder);
		step(forwarder);
		curl_multi_perform(forwarder->multi, &running);
		collect(forwarder);
		curl_multi_poll(forwarder->multi, NULL, 0, pause_ms(forwarder), NULL);
	}
	return NULL;
}

static void release(struct forwarder *forwarder)
{
	for (size_t i = 0; i < forwarder->count; i++)
		take_down(forwarder, forwarder->outlets[i]);
	curl_multi_cleanup(forwarder->multi);
	store_close(forwarder->store);
	free(forwarder);
}

int forwarder_start(struct store *store, struct server *server, struct forwarder **ret_forwarder)
{
	struct forwarder *forwarder = calloc(1, sizeof(*forwarder));

	if (!forwarder) {
		store_close(store);
		return -ENOMEM;
	}
	forwarder->store = store;
	forwarder->server = server;
	int r = forward_take_own(store, server->log_number);
	if (r == 0 && curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
		forwarder->multi = curl_multi_init();
	if (r == 0)
		r = forwarder->multi ? -pthread_create(&forwarder->thread, NULL, work, forwarder)
				     : -ENOMEM;
	if (r < 0) {
		release(forwarder);
		return r;
	}
	*ret_forwarder = forwarder;
	return 0;
}

void forwarder_stop(struct forwarder *forwarder)
{
	if (!forwarder)
		return;
	forwarder->is_over = true;
	curl_multi_wakeup(forwarder->multi);
	pthread_join(forwarder->thread, NULL);
	release(forwarder);
}
