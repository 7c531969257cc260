/* SPDX-License-Identifier: MIT */
#include "tools/server/common/ticker.h"

#include <time.h>

#include "common/clock.h"

/* False: it is over. */
static bool pause_until_next(struct ticker *ticker)
{
	uint64_t until_ns = monotonic_ns() + ticker->every_ns;
	const struct timespec until = { (time_t)(until_ns / SECOND_NS),
					(long)(until_ns % SECOND_NS) };

	pthread_mutex_lock(&ticker->lock);
	while (!ticker->is_over &&
	       pthread_cond_timedwait(&ticker->is_told, &ticker->lock, &until) == 0)
		continue;
	bool is_over = ticker->is_over;
	pthread_mutex_unlock(&ticker->lock);
	return !is_over;
}

static void *work(void *context)
{
	struct ticker *ticker = context;

	do
		ticker->tick(ticker->context);
	while (pause_until_next(ticker));
	return NULL;
}

int ticker_start(struct ticker *ticker, uint64_t every_ns, void (*tick)(void *context),
		 void *context)
{
	pthread_condattr_t steady;

	*ticker = (struct ticker){ .tick = tick,
				   .context = context,
				   .every_ns = every_ns,
				   .lock = PTHREAD_MUTEX_INITIALIZER };
	pthread_condattr_init(&steady);
	pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	pthread_cond_init(&ticker->is_told, &steady);
	pthread_condattr_destroy(&steady);
	int code = pthread_create(&ticker->thread, NULL, work, ticker);
	ticker->is_started = code == 0;
	return -code;
}

void ticker_stop(struct ticker *ticker)
{
	if (!ticker->is_started)
		return;
	pthread_mutex_lock(&ticker->lock);
	ticker->is_over = true;
	pthread_cond_signal(&ticker->is_told);
	pthread_mutex_unlock(&ticker->lock);
	pthread_join(ticker->thread, NULL);
	ticker->is_started = false;
}
