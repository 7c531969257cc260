/* SPDX-License-Identifier: MIT */
/* Stores for several threads: each is lent to one of them at a time. */
#ifndef TOOLS_SERVER_STORE_STORE_POOL_H
#define TOOLS_SERVER_STORE_STORE_POOL_H

#include <pthread.h>

#include "tools/server/store/store.h"

#define STORE_POOL_MAX 16u

struct store_pool {
	pthread_mutex_t lock;
	pthread_cond_t is_back;
	struct store *stores[STORE_POOL_MAX];
	size_t count; /* that are not lent */
};

#define STORE_POOL_EMPTY                                                                           \
	{                                                                                          \
		.lock = PTHREAD_MUTEX_INITIALIZER, .is_back = PTHREAD_COND_INITIALIZER             \
	}

/* Waits until there is one. */
struct store *store_pool_take(struct store_pool *pool);

/* Also adds one to the pool, which owns it; at most STORE_POOL_MAX. */
void store_pool_give(struct store_pool *pool, struct store *store);

/* Closes those that are there. */
void store_pool_done(struct store_pool *pool);

#endif
