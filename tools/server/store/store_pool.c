/* SPDX-License-Identifier: MIT */
#include "tools/server/store/store_pool.h"

struct store *store_pool_take(struct store_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	while (pool->count == 0)
		pthread_cond_wait(&pool->is_back, &pool->lock);
	struct store *store = pool->stores[--pool->count];
	pthread_mutex_unlock(&pool->lock);
	return store;
}

void store_pool_give(struct store_pool *pool, struct store *store)
{
	pthread_mutex_lock(&pool->lock);
	pool->stores[pool->count++] = store;
	pthread_cond_signal(&pool->is_back);
	pthread_mutex_unlock(&pool->lock);
}

void store_pool_done(struct store_pool *pool)
{
	while (pool->count > 0)
		store_close(pool->stores[--pool->count]);
}
