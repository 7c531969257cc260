/* SPDX-License-Identifier: MIT */
#include "tools/server/record/position.h"

#include <errno.h>
#include <string.h>

#include "common/clock.h"

enum { NEXT, HEAD, SEALED, SEAL_EPOCH, SEAL_INDEX, SEAL_KEY };

static int take_sealed(const struct store_value *columns, struct sealed *sealed)
{
	struct slice key = columns[SEAL_KEY].bytes;

	if (key.length > 0 && key.length != sizeof(sealed->seal.key.bytes))
		return -EUCLEAN;
	sealed->is_due = columns[SEALED].number != 0;
	sealed->has_key = key.length > 0;
	sealed->seal.epoch = (uint64_t)columns[SEAL_EPOCH].number;
	sealed->seal.index = (uint64_t)columns[SEAL_INDEX].number;
	if (sealed->has_key)
		memcpy(sealed->seal.key.bytes, key.at, key.length);
	return 0;
}

static int take_walk(void *context, const struct store_value *columns, size_t count)
{
	struct position *position = context;

	(void)count;
	if (columns[HEAD].bytes.length != SHA256_SIZE)
		return -EUCLEAN;
	position->is_begun = true;
	position->walk.offset = (uint64_t)columns[NEXT].number;
	memcpy(position->walk.head, columns[HEAD].bytes.at, SHA256_SIZE);
	return take_sealed(columns, &position->sealed);
}

int position_find(struct store *store, const char *agent, const char *part,
		  struct position *ret_position)
{
	*ret_position = (struct position){ .source = 0 };
	int r = store_run(store, "SELECT source FROM record_source WHERE agent = $1",
			  STORE_VALUES(store_text(slice_of(agent))), store_take_number,
			  &ret_position->source);
	return r < 0 ? r
		     : store_run(store,
				 "SELECT next, head, sealed, seal_epoch, seal_index, seal_key"
				 " FROM record_part"
				 " WHERE source = $1 AND part = $2",
				 STORE_VALUES(store_number(ret_position->source),
					      store_text(slice_of(part))),
				 take_walk, ret_position);
}

int position_name_source(struct store *store, const char *agent, struct position *position)
{
	if (position->source != 0)
		return 0;
	int r = store_run(store, "SELECT coalesce(max(source), 0) + 1 FROM record_source",
			  STORE_NO_VALUES, store_take_number, &position->source);
	return r < 0 ? r
		     : store_do(store, "INSERT INTO record_source (agent, source) VALUES ($1, $2)",
				STORE_VALUES(store_text(slice_of(agent)),
					     store_number(position->source)));
}

int position_save(struct store *store, const char *part, const struct position *position)
{
	struct store_value now = store_number((int64_t)realtime_ns());
	const struct sealed *sealed = &position->sealed;

	return store_queue(
		store,
		"INSERT INTO record_part (source, part, next, head, started, grown,"
		" sealed, seal_epoch, seal_index, seal_key)"
		" VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9)"
		" ON CONFLICT (source, part) DO UPDATE SET next = excluded.next,"
		" head = excluded.head, grown = excluded.grown,"
		" seal_epoch = excluded.seal_epoch, seal_index = excluded.seal_index,"
		" seal_key = excluded.seal_key",
		STORE_VALUES(store_number(position->source), store_text(slice_of(part)),
			     store_number((int64_t)position->walk.offset),
			     store_bytes(position->walk.head, SHA256_SIZE), now,
			     store_number(sealed->is_due),
			     store_number((int64_t)sealed->seal.epoch),
			     store_number((int64_t)sealed->seal.index),
			     store_bytes(sealed->seal.key.bytes,
					 sealed->has_key ? sizeof(sealed->seal.key.bytes) : 0)));
}
