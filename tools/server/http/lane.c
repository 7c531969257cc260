/* SPDX-License-Identifier: MIT */
#include "tools/server/http/lane.h"

/* Cuts off the first jobs, as many as run as one. */
static struct job *cut_first(struct lane *lane)
{
	struct job *first = lane->first, *last = first;
	size_t bytes = first->bytes, count = 1;

	for (struct job *next; (next = last->next) && count < lane->limits.together &&
			       bytes + next->bytes <= LANE_TOGETHER_BYTES;
	     count++) {
		bytes += next->bytes;
		last = next;
	}
	lane->first = last->next;
	last->next = NULL;
	lane->now.waiting -= count;
	lane->bytes -= bytes;
	return first;
}

/* Waits for jobs.  NULL: there is none, and there will be none. */
static struct job *take(struct lane *lane, bool *ret_is_ending)
{
	pthread_mutex_lock(&lane->lock);
	while (!lane->first && !lane->is_ending)
		pthread_cond_wait(&lane->has_job, &lane->lock);
	struct job *first = lane->first ? cut_first(lane) : NULL;
	if (!lane->first)
		lane->last = &lane->first;
	*ret_is_ending = lane->is_ending;
	pthread_mutex_unlock(&lane->lock);
	return first;
}

static void *work(void *context)
{
	struct job *first;
	bool is_ending;

	while ((first = take(context, &is_ending)))
		first->run(first, is_ending);
	return NULL;
}

int lane_start(struct lane *lane, const struct lane_limits *limits)
{
	*lane = (struct lane){ .lock = PTHREAD_MUTEX_INITIALIZER,
			       .has_job = PTHREAD_COND_INITIALIZER,
			       .limits = *limits };
	lane->last = &lane->first;
	for (; lane->thread_count < limits->threads; lane->thread_count++) {
		int code = pthread_create(&lane->threads[lane->thread_count], NULL, work, lane);

		if (code != 0) {
			lane_end(lane);
			return -code;
		}
	}
	return 0;
}

bool lane_add(struct lane *lane, struct job *job)
{
	pthread_mutex_lock(&lane->lock);
	bool is_added = !lane->is_ending && lane->now.waiting < lane->limits.waiting &&
			lane->bytes + job->bytes <= LANE_BYTES_MAX;
	if (is_added) {
		job->next = NULL;
		*lane->last = job;
		lane->last = &job->next;
		lane->now.waiting++;
		lane->bytes += job->bytes;
		pthread_cond_signal(&lane->has_job);
	} else {
		lane->now.rejected++;
	}
	pthread_mutex_unlock(&lane->lock);
	return is_added;
}

void lane_look(struct lane *lane, struct lane_gauges *ret_gauges)
{
	pthread_mutex_lock(&lane->lock);
	*ret_gauges = lane->now;
	pthread_mutex_unlock(&lane->lock);
}

void lane_end(struct lane *lane)
{
	if (lane->thread_count == 0)
		return;
	pthread_mutex_lock(&lane->lock);
	lane->is_ending = true;
	pthread_cond_broadcast(&lane->has_job);
	pthread_mutex_unlock(&lane->lock);
	while (lane->thread_count > 0)
		pthread_join(lane->threads[--lane->thread_count], NULL);
}
