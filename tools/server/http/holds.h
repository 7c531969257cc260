/* SPDX-License-Identifier: MIT */
/* Requests that wait for a policy's newer version, or for the record to grow.  None of them has a thread: one
 * for all looks once a second which versions are the newest, be they published by another server, and how
 * large the record's log is, and at once when this server published. */
#ifndef TOOLS_SERVER_HTTP_HOLDS_H
#define TOOLS_SERVER_HTTP_HOLDS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "control/name.h"
#include "tools/server/store/store_pool.h"

#define HOLDS_MAX 20000u

/* What a request waits for. */
struct hold {
	uint64_t until_ns;               /* monotonic; 0: it does not wait */
	char bundle[NAME_PLAIN_MAX + 1]; /* empty: the record, whose version is its log's size */
	int64_t version; /* that it knows; it waits until the newest one is another */
};

/* Embedded in what waits, which lives until it was let go. */
struct held {
	struct hold hold;
	void (*let_go)(struct held *held);
	struct held *next;
};

struct holds {
	pthread_mutex_t lock;
	pthread_cond_t is_due;
	pthread_t thread;
	struct store_pool *stores;
	struct held *first;
	size_t count;
	bool is_woken, is_ending, is_started;
};

/* Starts the thread that lets go.  `stores` live longer.  A negative errno. */
must_use int holds_start(struct holds *holds, struct store_pool *stores);

/* Lets `held` wait; let_go is called once, by the thread.  False: too many wait, or it ends. */
bool holds_add(struct holds *holds, struct held *held);

size_t holds_count(struct holds *holds);

/* Something was published. */
void holds_wake(struct holds *holds);

/* Lets all go, and ends the thread. */
void holds_end(struct holds *holds);

#endif
