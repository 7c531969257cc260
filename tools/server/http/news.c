/* SPDX-License-Identifier: MIT */
#include "tools/server/http/news.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define PAUSE_MS 1000

struct news {
	struct store *store;
	struct holds *holds;
	pthread_t thread;
	int end; /* can be read when it is over */
};

/* Whether it is over. */
static bool pause_for(struct news *news)
{
	struct pollfd end = { .fd = news->end, .events = POLLIN };

	return poll(&end, 1, PAUSE_MS) > 0;
}

/* A connection that was lost is tried again; what was told meanwhile is found by those who look. */
static void *work(void *context)
{
	struct news *news = context;
	int r;

	do {
		r = store_listen(news->store, news->end);
		if (r > 0)
			holds_wake(news->holds);
	} while (r > 0 || (r < 0 && r != -ENOTSUP && !pause_for(news)));
	return NULL;
}

int news_start(struct store *store, struct holds *holds, struct news **ret_news)
{
	SCOPED(store_closep) struct store *own = store;
	SCOPED(free_p) struct news *news = calloc(1, sizeof(*news));
	SCOPED(close_p) int end = eventfd(0, EFD_CLOEXEC);

	if (!news || end < 0)
		return news ? -errno : -ENOMEM;
	*news = (struct news){ .store = own, .holds = holds, .end = end };
	int r = -pthread_create(&news->thread, NULL, work, news);
	if (r < 0)
		return r;
	(void)steal(own);
	end = -1;
	*ret_news = steal(news);
	return 0;
}

void news_stop(struct news *news)
{
	if (!news)
		return;
	eventfd_write(news->end, 1);
	pthread_join(news->thread, NULL);
	close(news->end);
	store_close(news->store);
	free(news);
}

void news_tell(struct holds *holds, struct store *store)
{
	holds_wake(holds);
	(void)!store_tell(store);
}
