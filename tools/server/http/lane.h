/* SPDX-License-Identifier: MIT */
/* Threads for what takes long, so that those which read and write connections never do: a queue with a
 * maximum, and as many jobs at once as it has threads. */
#ifndef TOOLS_SERVER_HTTP_LANE_H
#define TOOLS_SERVER_HTTP_LANE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"

#define LANE_THREADS 2u
#define LANE_JOBS    64u /* that wait */

/* Embedded in what it is about, which lives until it was run. */
struct job {
	void (*run)(struct job *job, bool is_dropped); /* is_dropped: nothing may take long now */
	struct job *next;
};

struct lane_gauges {
	size_t waiting;
	uint64_t rejected; /* jobs, since it began */
};

struct lane {
	pthread_mutex_t lock;
	pthread_cond_t has_job;
	struct job *first, **last;
	struct lane_gauges now;
	pthread_t threads[LANE_THREADS];
	size_t thread_count;
	bool is_ending;
};

/* Starts its threads.  A negative errno. */
must_use int lane_start(struct lane *lane);

/* Gives it a job.  False: too many wait, or it ends. */
bool lane_add(struct lane *lane, struct job *job);

void lane_look(struct lane *lane, struct lane_gauges *ret_gauges);

/* Drops the jobs that wait, and ends its threads when they are done with theirs. */
void lane_end(struct lane *lane);

#endif
