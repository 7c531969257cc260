/* SPDX-License-Identifier: MIT */
/* Whose signatures make a draft a policy, and how many of them it takes. */
#ifndef TOOLS_SERVER_PEOPLE_AUTHOR_H
#define TOOLS_SERVER_PEOPLE_AUTHOR_H

#include "control/note.h"
#include "tools/server/store/store.h"

/* How many accounts must sign (the setting author_threshold; 1 where nothing is set).  -EINVAL for a
 * setting that is none. */
must_use int author_threshold(struct store *store, uint64_t *ret_threshold);

/* How many accounts have a key that counts. */
must_use int author_accounts(struct store *store, uint64_t *ret_count);

/* Whether authors have signed a root (roots.h), which then says whose signatures count and how many it takes. */
must_use int author_has_root(struct store *store, bool *ret_has_root);

/* Keys of authors that signed something. */
struct author_keys {
	struct verifying_key items[NOTE_KEYS_MAX];
	size_t count;
};

/* Fills `keys` with those keys that count today and of which `message` says that they signed it.
 * -E2BIG where it says so of too many. */
must_use int author_keys_read(struct store *store, struct slice message, struct author_keys *keys);

#endif
