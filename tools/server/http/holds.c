/* SPDX-License-Identifier: MIT */
#include "tools/server/http/holds.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"

/* A bundle's newest version, or the size of the record's log. */
struct newest {
	char bundle[NAME_PLAIN_MAX + 1];
	int64_t version;
};

/* All of them, in order of name; the record has an empty one. */
struct newest_list {
	struct newest *items;
	size_t count;
};

static void newest_done(struct newest_list *list)
{
	free(list->items);
}

static int take_newest(void *context, const struct store_value *columns, size_t count)
{
	struct newest_list *list = context;
	struct newest *items =
		reallocarray(list->items, list->count + 1, sizeof(*items)); /* as many as bundles */

	(void)count;
	if (!items)
		return -ENOMEM;
	list->items = items;
	snprintf(items[list->count].bundle, sizeof(items->bundle), "%.*s",
		 SLICE_ARGUMENTS(columns[0].bytes));
	items[list->count++].version = columns[1].number;
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct newest *)a)->bundle, ((const struct newest *)b)->bundle);
}

/* Databases have orders of their own. */
static void sort_newest(struct newest_list *list)
{
	if (list->count > 0)
		qsort(list->items, list->count, sizeof(*list->items), compare_names);
}

static int read_newest(struct store_pool *stores, struct newest_list *list)
{
	struct store *store = store_pool_take(stores);
	int r = store_run(store,
			  "SELECT bundle, max(version) FROM policy GROUP BY bundle UNION ALL"
			  " SELECT '', CAST(coalesce(sum(size), 0) AS BIGINT) FROM log_tree",
			  STORE_NO_VALUES, take_newest, list);

	store_pool_give(stores, store);
	sort_newest(list);
	return r;
}

static int compare(const void *key, const void *item)
{
	return strcmp(key, ((const struct newest *)item)->bundle);
}

static int64_t newest_of(const struct newest_list *list, const char *bundle)
{
	const struct newest *found = list->count == 0 ? NULL
						      : bsearch(bundle, list->items, list->count,
								sizeof(*found), compare);

	return found ? found->version : 0;
}

/* `list` NULL: nobody knows. */
static bool is_due(const struct hold *hold, const struct newest_list *list, uint64_t now_ns)
{
	return now_ns >= hold->until_ns || (list && newest_of(list, hold->bundle) != hold->version);
}

/* Parts those that wait no longer from the list, and returns them; at the end that is everybody. */
static struct held *part_due(struct holds *holds, const struct newest_list *list)
{
	uint64_t now_ns = monotonic_ns();
	struct held *due = NULL, **at = &holds->first;

	while (*at) {
		struct held *held = *at;

		if (!holds->is_ending && !is_due(&held->hold, list, now_ns)) {
			at = &held->next;
			continue;
		}
		*at = held->next;
		held->next = due;
		due = held;
		holds->count--;
	}
	return due;
}

/* One that was let go may be gone. */
static void let_go(struct held *due)
{
	while (due) {
		struct held *next = due->next;

		due->let_go(due);
		due = next;
	}
}

static bool has_any(struct holds *holds)
{
	pthread_mutex_lock(&holds->lock);
	bool has = holds->first;
	pthread_mutex_unlock(&holds->lock);
	return has;
}

/* A database that does not answer lets those go whose time is up. */
static void look(struct holds *holds)
{
	SCOPED(newest_done) struct newest_list list = { NULL, 0 };
	bool is_known = has_any(holds) && read_newest(holds->stores, &list) >= 0;

	pthread_mutex_lock(&holds->lock);
	struct held *due = part_due(holds, is_known ? &list : NULL);
	pthread_mutex_unlock(&holds->lock);
	let_go(due);
}

/* Waits until something was published, or for a second.  False: it is the end. */
static bool wait_for_news(struct holds *holds)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec++;
	pthread_mutex_lock(&holds->lock);
	while (!holds->is_woken && !holds->is_ending &&
	       pthread_cond_timedwait(&holds->is_due, &holds->lock, &until) != ETIMEDOUT)
		continue;
	holds->is_woken = false;
	bool goes_on = !holds->is_ending;
	pthread_mutex_unlock(&holds->lock);
	return goes_on;
}

static void *watch(void *context)
{
	struct holds *holds = context;

	while (wait_for_news(holds))
		look(holds);
	look(holds);
	return NULL;
}

int holds_start(struct holds *holds, struct store_pool *stores)
{
	pthread_condattr_t steady;

	*holds = (struct holds){ .lock = PTHREAD_MUTEX_INITIALIZER, .stores = stores };
	pthread_condattr_init(&steady);
	pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	pthread_cond_init(&holds->is_due, &steady);
	pthread_condattr_destroy(&steady);
	int code = pthread_create(&holds->thread, NULL, watch, holds);
	holds->is_started = code == 0;
	return -code;
}

bool holds_add(struct holds *holds, struct held *held)
{
	pthread_mutex_lock(&holds->lock);
	bool is_added = !holds->is_ending && holds->count < HOLDS_MAX;
	if (is_added) {
		held->next = holds->first;
		holds->first = held;
		holds->count++;
	}
	pthread_mutex_unlock(&holds->lock);
	return is_added;
}

size_t holds_count(struct holds *holds)
{
	pthread_mutex_lock(&holds->lock);
	size_t count = holds->count;
	pthread_mutex_unlock(&holds->lock);
	return count;
}

void holds_wake(struct holds *holds)
{
	pthread_mutex_lock(&holds->lock);
	holds->is_woken = true;
	pthread_cond_signal(&holds->is_due);
	pthread_mutex_unlock(&holds->lock);
}

void holds_end(struct holds *holds)
{
	if (!holds->is_started)
		return;
	pthread_mutex_lock(&holds->lock);
	holds->is_ending = true;
	pthread_cond_signal(&holds->is_due);
	pthread_mutex_unlock(&holds->lock);
	pthread_join(holds->thread, NULL);
	holds->is_started = false;
}
