/* SPDX-License-Identifier: MIT */
/* A key of a machine is reached from an earlier one, step by step.  The server keeps one that is a little
 * behind the newest that it has seen, because boots that ran side by side come in any order. */
#include "tools/server/record/sealed.h"

#include <errno.h>
#include <string.h>

#define BEHIND 1024u

int sealed_begin(struct store *store, const char *agent, const struct record_header *header,
		 struct sealed *ret_sealed)
{
	int64_t enrolled_ns = 0;
	int r = store_run(store, "SELECT enrolled FROM agent WHERE id = $1",
			  STORE_VALUES(store_text(slice_of(agent))), store_take_number,
			  &enrolled_ns);

	*ret_sealed = (struct sealed){
		.is_due = header->time_ns >= (uint64_t)enrolled_ns,
		.seal = { .boot = header->boot, .part = header->part },
	};
	return r < 0 ? r : 0;
}

struct reached {
	uint64_t epoch;
	struct record_secret key;
};

static int take_reached(void *context, const struct store_value *columns, size_t count)
{
	struct reached *reached = context;

	(void)count;
	if (columns[1].bytes.length != sizeof(reached->key.bytes))
		return -EUCLEAN;
	reached->epoch = (uint64_t)columns[0].number;
	memcpy(reached->key.bytes, columns[1].bytes.at, sizeof(reached->key.bytes));
	return 0;
}

static void go_to(struct reached *reached, uint64_t epoch)
{
	for (; reached->epoch < epoch; reached->epoch++)
		record_secret_next(&reached->key);
}

static int load(struct store *store, const char *agent, struct reached *ret_reached)
{
	return store_run(store,
			 "SELECT coalesce(s.seal_epoch, 0), coalesce(s.seal_key, a.chain_key)"
			 " FROM agent AS a LEFT JOIN record_source AS s ON s.agent = a.id"
			 " WHERE a.id = $1",
			 STORE_VALUES(store_text(slice_of(agent))), take_reached, ret_reached);
}

static int load_first(struct store *store, const char *agent, struct reached *ret_reached)
{
	return store_run(store, "SELECT 0, chain_key FROM agent WHERE id = $1",
			 STORE_VALUES(store_text(slice_of(agent))), take_reached, ret_reached);
}

static int keep(struct store *store, int64_t source, const struct reached *reached)
{
	return store_do(store,
			"UPDATE record_source SET seal_epoch = $2, seal_key = $3 WHERE source = $1",
			STORE_VALUES(store_number(source), store_number((int64_t)reached->epoch),
				     store_bytes(reached->key.bytes, sizeof(reached->key.bytes))));
}

static int reach(struct store *store, const char *agent, int64_t source, uint64_t epoch,
		 struct reached *ret_reached)
{
	int r = load(store, agent, ret_reached);

	if (r < 0)
		return r;
	if (epoch < ret_reached->epoch)
		r = load_first(store, agent, ret_reached);
	else if (epoch - ret_reached->epoch > SEALED_AHEAD_MAX)
		return -EBADMSG;
	else if (epoch - ret_reached->epoch > 2 * (uint64_t)BEHIND) {
		go_to(ret_reached, epoch - BEHIND);
		r = keep(store, source, ret_reached);
	}
	if (r >= 0)
		go_to(ret_reached, epoch);
	return r < 0 ? r : 0;
}

int sealed_key(struct store *store, const char *agent, int64_t source,
	       const struct record_entry *entry, struct sealed *sealed)
{
	struct record_seal *seal = &sealed->seal;
	struct record_secret of_part;
	struct reached reached;

	if (entry->kind != RECORD_SEAL)
		return -EBADMSG;
	int r = reach(store, agent, source, entry->number, &reached);
	if (r < 0)
		return r;
	record_secret_of_boot(&reached.key, seal->boot, &of_part);
	for (uint32_t part = 1; part < seal->part; part++)
		record_secret_next(&of_part);
	record_seal_begin(&of_part, seal->boot, seal->part, entry->number, seal);
	record_secret_wipe(&of_part);
	record_secret_wipe(&reached.key);
	sealed->has_key = true;
	return 0;
}
