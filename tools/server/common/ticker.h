/* SPDX-License-Identifier: MIT */
/* A thread that does something again and again, at intervals, until it is stopped. */
#ifndef TOOLS_SERVER_COMMON_TICKER_H
#define TOOLS_SERVER_COMMON_TICKER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"

struct ticker {
	void (*tick)(void *context);
	void *context;
	uint64_t every_ns; /* from the end of one to the next */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t is_told;
	bool is_over, is_started;
};

/* Begins, with a tick at once.  A negative errno. */
must_use int ticker_start(struct ticker *ticker, uint64_t every_ns, void (*tick)(void *context),
			  void *context);

/* Ends it, after the tick that is under way.  Does nothing to one that was not started. */
void ticker_stop(struct ticker *ticker);

#endif
