/* SPDX-License-Identifier: MIT */
/* Threads for what takes long, so that those which read and write connections never do: a queue with a
 * maximum, and as many jobs at once as it has threads; or several jobs that wait at the same time as one. */
#ifndef TOOLS_SERVER_HTTP_LANE_H
#define TOOLS_SERVER_HTTP_LANE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"

#define LANE_THREADS_MAX    4u
#define LANE_BYTES_MAX      (512 * MIB) /* of jobs that wait */
#define LANE_TOGETHER_BYTES (256 * KIB) /* of several that run as one */

/* Embedded in what it is about, which lives until it was run. */
struct job {
	/* Runs it, and those behind it in the list, which is one of several only where the lane's limits say so.
	 * is_dropped: nothing may take long now. */
	void (*run)(struct job *first, bool is_dropped);
	struct job *next;
	size_t bytes; /* that it keeps in memory */
};

struct lane_limits {
	size_t threads;
	size_t waiting;  /* jobs */
	size_t together; /* that run as one */
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
	struct lane_limits limits;
	size_t bytes; /* of those that wait */
	pthread_t threads[LANE_THREADS_MAX];
	size_t thread_count;
	bool is_ending;
};

/* Starts its threads.  A negative errno. */
must_use int lane_start(struct lane *lane, const struct lane_limits *limits);

/* Gives it a job.  False: too many wait, or it ends. */
bool lane_add(struct lane *lane, struct job *job);

void lane_look(struct lane *lane, struct lane_gauges *ret_gauges);

/* Drops the jobs that wait, and ends its threads when they are done with theirs. */
void lane_end(struct lane *lane);

#endif
