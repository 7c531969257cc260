/* SPDX-License-Identifier: MIT */
/* One receiver of one log as the forwarding thread serves it: what is sent to it next, when, and what
 * became of that. */
#ifndef TOOLS_SERVER_FORWARD_FORWARD_OUTLET_H
#define TOOLS_SERVER_FORWARD_FORWARD_OUTLET_H

#include "tools/server/forward/forward_sender.h"
#include "tools/server/forward/forward_source.h"
#include "tools/server/http/server.h"

struct forward_outlet {
	struct forward forward; /* as it was read last; its progress is what is acknowledged */
	struct store *store;
	struct journal *journal;
	struct forward_source *source;
	struct forward_sender *sender;
	struct forward_batch batch;
	bool has_batch;        /* which is not acknowledged */
	CURL *request;         /* that is under way; NULL: none is */
	bool is_seen;          /* the forward is there still */
	uint64_t wake_ns;      /* CLOCK_MONOTONIC: nothing is done before */
	unsigned int failures; /* one after the other */
	size_t events_max;
};

/* For a forward as the database has it, which is copied; `store` and `server` outlive it. */
must_use int forward_outlet_new(struct store *store, struct server *server,
				const struct forward *forward, struct forward_outlet **ret_outlet);
void forward_outlet_free(struct forward_outlet *outlet);
DEFINE_FREEP(struct forward_outlet, forward_outlet_freep, forward_outlet_free)

/* Takes over the state that the forward has now.  One that runs anew begins at once. */
void forward_outlet_update(struct forward_outlet *outlet, const struct forward *forward);

/* The request that is to be performed now; NULL: none is. */
CURL *forward_outlet_step(struct forward_outlet *outlet);

/* The request ended. */
void forward_outlet_end(struct forward_outlet *outlet, CURLcode code);

#endif
