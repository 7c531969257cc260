/* SPDX-License-Identifier: MIT */
#include "tools/server/people/author.h"

#include <errno.h>

#include "tools/server/people/setting.h"

int author_threshold(struct store *store, uint64_t *ret_threshold)
{
	return setting_read(store, SETTING_AUTHOR_THRESHOLD, ret_threshold);
}

int author_accounts(struct store *store, uint64_t *ret_count)
{
	return store_run(store, "SELECT count(DISTINCT account) FROM author", STORE_NO_VALUES,
			 store_take_number, ret_count);
}

int author_has_root(struct store *store, bool *ret_has_root)
{
	uint64_t count = 0;
	int r = store_run(store, "SELECT count(*) FROM root", STORE_NO_VALUES, store_take_number,
			  &count);

	if (r == 0)
		*ret_has_root = count > 0;
	return r;
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
