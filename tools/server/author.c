/* SPDX-License-Identifier: MIT */
#include "tools/server/author.h"

#include <errno.h>

#define THRESHOLD_MAX 64u

static int take_threshold(void *context, const struct store_value *columns, size_t count)
{
	uint64_t *threshold = context;

	(void)count;
	return slice_to_u64(columns[0].bytes, threshold) < 0 || *threshold == 0 ||
			       *threshold > THRESHOLD_MAX
		       ? -EINVAL
		       : 0;
}

int author_threshold(struct store *store, uint64_t *ret_threshold)
{
	uint64_t threshold = 1;
	int r = store_run(store, "SELECT value FROM setting WHERE name = 'author_threshold'",
			  STORE_NO_VALUES, take_threshold, &threshold);

	if (r < 0)
		return r;
	*ret_threshold = threshold;
	return 0;
}

struct reading {
	struct slice message;
	struct author_keys *keys;
};

static int take_key(void *context, const struct store_value *columns, size_t count)
{
	struct reading *reading = context;
	struct author_keys *keys = reading->keys;
	struct verifying_key key;
	struct slice line;

	(void)count;
	if (verifying_key_read(columns[0].bytes, &key) < 0 ||
	    note_line(reading->message, &key, &line) < 0)
		return 0;
	if (keys->count == NOTE_KEYS_MAX)
		return -E2BIG;
	keys->items[keys->count++] = key;
	return 0;
}

int author_keys_read(struct store *store, struct slice message, struct author_keys *keys)
{
	struct reading reading = { message, keys };

	keys->count = 0;
	return store_run(store, "SELECT verifier FROM author", STORE_NO_VALUES, take_key, &reading);
}
