/* SPDX-License-Identifier: MIT */
#include "tools/server/record/retained.h"

#include <stdio.h>

#include "tools/server/record/search_cursor.h"

#define BOOT_DIGITS 8u

int retained_leaf(struct store *store, int64_t log, uint64_t *ret_leaf)
{
	*ret_leaf = 0;
	return store_run(store, "SELECT max(leaf) FROM log_retention WHERE log = $1",
			 STORE_VALUES(store_number(log)), store_take_number, ret_leaf);
}

int retained_before(struct store *store, int64_t *ret_ns)
{
	*ret_ns = 0;
	return store_run(store, "SELECT max(received) FROM log_retention", STORE_NO_VALUES,
			 store_take_number, ret_ns);
}

int retained_may_have_had(struct store *store, struct slice agent, struct slice id, bool *ret_may)
{
	char first[BOOT_DIGITS + 2], behind[BOOT_DIGITS + 2];
	uint64_t boot;
	int64_t parts = 0;

	*ret_may = false;
	if (search_hex_read(slice_cut(&id, '-'), BOOT_DIGITS, &boot) < 0)
		return 0;
	snprintf(first, sizeof(first), "%08x-", (unsigned)boot);
	snprintf(behind, sizeof(behind), "%08x.", (unsigned)boot);
	int r = store_run(store,
			  "SELECT count(*) FROM record_gone AS gone JOIN record_source AS origin"
			  " ON origin.source = gone.source"
			  " WHERE origin.agent = $1 AND gone.part >= $2 AND gone.part < $3",
			  STORE_VALUES(store_text(agent), store_text(slice_of(first)),
				       store_text(slice_of(behind))),
			  store_take_number, &parts);
	*ret_may = parts > 0;
	return r < 0 ? r : 0;
}
