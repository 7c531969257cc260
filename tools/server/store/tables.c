/* SPDX-License-Identifier: MIT */
#include "tools/server/store/tables.h"

#include <errno.h>

#define KEY_MAX    (64 * KIB) /* bytes of a key's column */
#define INSERT_MAX (1 * KIB)

#define MARKS_1    "$1"
#define MARKS_2    "$1, $2"
#define MARKS_3    "$1, $2, $3"
#define MARKS_6    "$1, $2, $3, $4, $5, $6"
#define BATCH      " LIMIT 200"
#define BATCH_ROWS 200u

#define ROW(table, key, number)                                                                    \
	{                                                                                          \
		table, number, "SELECT count(*) FROM " table,                                      \
			"SELECT * FROM " table " ORDER BY " key BATCH,                             \
			"SELECT * FROM " table " WHERE (" key ") > (" MARKS_##number               \
			") ORDER BY " key BATCH                                                    \
	}

const struct table TABLES[] = {
	ROW("setting", "name", 1),
	ROW("account", "name", 1),
	ROW("account_group", "name", 1),
	ROW("account_group_member", "account_group, account", 2),
	ROW("token", "digest", 1),
	ROW("api_token", "digest", 1),
	ROW("author_key", "verifier", 1),
	ROW("root", "version", 1),
	ROW("root_key", "root, verifier", 2),
	ROW("root_draft", "digest", 1),
	ROW("root_signature", "draft, verifier", 2),
	ROW("audit", "number", 1),
	ROW("policy", "bundle, version", 2),
	ROW("draft", "id", 1),
	ROW("draft_signature", "draft, verifier", 2),
	ROW("enrolment_code", "digest", 1),
	ROW("agent", "id", 1),
	ROW("root_first", "agent", 1),
	ROW("record_source", "agent", 1),
	ROW("record_part", "source, part", 2),
	ROW("log_tree", "log", 1),
	ROW("log_tile", "log, level, number", 3),
	ROW("log_checkpoint", "log, size", 2),
	ROW("record_delivery", "log, first_leaf", 2),
	ROW("log_retention", "log, made", 2),
	ROW("record_gone", "log, leaf", 2),
	ROW("record_subject", "source, kind, number", 3),
	ROW("record_judgement", "source, number", 2),
	ROW("record_definition", "source, kind, number", 3),
	ROW("record_event", "source, connection, sequence", 3),
	ROW("record_count", "step, start, source, person, verdict, rules", 6),
	ROW("record_asked", "source, connection, judgement", 3),
	ROW("record_note", "log, leaf, place", 3),
	ROW("record_alarm", "agent, kind", 2),
	ROW("record_acknowledgement", "agent, kind, times", 3),
	ROW("pulse", "server", 1),
	ROW("forward", "name", 1),
	ROW("forward_log", "name, log", 2),
	{ .name = NULL },
};

_Static_assert(COUNT_OF(TABLES) <= TABLES_MAX, "there is room for their statements");

void tables_copy_done(struct tables_copy *copy)
{
	for (size_t i = 0; i < TABLES_MAX; i++)
		buf_done(&copy->inserts[i]);
}

int table_count(struct store *store, const struct table *table, uint64_t *ret_rows)
{
	*ret_rows = 0;
	return store_run(store, table->count, STORE_NO_VALUES, store_take_number, ret_rows);
}

/* A key that outlives the row that it is of. */
struct key {
	struct store_value at[TABLE_KEYS_MAX];
	struct buf bytes[TABLE_KEYS_MAX];
};

#define KEY_EMPTY                                                                                  \
	{                                                                                          \
		.bytes = {                                                                         \
			BUF_MAX(KEY_MAX),                                                          \
			BUF_MAX(KEY_MAX),                                                          \
			BUF_MAX(KEY_MAX),                                                          \
			BUF_MAX(KEY_MAX),                                                          \
			BUF_MAX(KEY_MAX),                                                          \
			BUF_MAX(KEY_MAX)                                                           \
		}                                                                                  \
	}

static void key_done(struct key *key)
{
	for (size_t i = 0; i < TABLE_KEYS_MAX; i++)
		buf_done(&key->bytes[i]);
}

static int key_set(struct key *key, const struct store_value *columns, size_t count)
{
	int failed = 0;

	for (size_t i = 0; i < count; i++) {
		struct buf *bytes = &key->bytes[i];

		key->at[i] = columns[i];
		buf_clear(bytes);
		buf_add_slice(bytes, columns[i].bytes);
		key->at[i].bytes = buf_view(bytes);
		if (bytes->failed)
			failed = bytes->failed;
	}
	return failed;
}

/* One table on its way. */
struct moving {
	struct tables_copy *copy;
	const struct table *table;
	const char *left_out;
	const char *insert; /* NULL: no row told yet how many columns there are */
	struct key *after;  /* the last row of the batches that are there */
	struct key *last;   /* of this batch */
	size_t batch;       /* rows of it that were read */
	uint64_t added, rows;
};

static int write_insert(struct moving *moving, size_t columns)
{
	struct buf *sql = &moving->copy->inserts[moving->table - TABLES];

	*sql = (struct buf)BUF_MAX(INSERT_MAX);
	buf_printf(sql, "INSERT INTO %s VALUES (", moving->table->name);
	for (size_t i = 0; i < columns; i++)
		buf_printf(sql, "%s$%zu", i > 0 ? ", " : "", i + 1);
	buf_add_char(sql, ')');
	if (sql->failed)
		return sql->failed;
	moving->insert = buf_text(sql);
	return 0;
}

static int insert_row(void *context, const struct store_value *columns, size_t count)
{
	struct moving *moving = context;
	int r = moving->insert ? 0 : write_insert(moving, count);

	if (r == 0)
		r = key_set(moving->last, columns, moving->table->key_count);
	if (r < 0)
		return r;
	moving->batch++;
	if (moving->left_out && slice_is(columns[0].bytes, moving->left_out))
		return 0;
	moving->added++;
	return store_queue(moving->copy->to, moving->insert,
			   (struct store_values){ columns, count });
}

/* May run more than once: what is read is what follows on the last batch that is there. */
static int insert_batch(struct store *to, void *context)
{
	struct moving *moving = context;
	const struct table *table = moving->table;
	const struct store_values after = { moving->after->at, table->key_count };
	bool is_first = moving->after->at[0].kind == STORE_NULL;

	moving->batch = moving->added = 0;
	int r = store_run(moving->copy->from, is_first ? table->first : table->next,
			  is_first ? STORE_NO_VALUES : after, insert_row, moving);
	return r < 0 ? r : store_settle(to);
}

static void swap_keys(struct moving *moving)
{
	struct key *last = moving->last;

	moving->last = moving->after;
	moving->after = last;
}

int table_copy(struct tables_copy *copy, const struct table *table, const char *left_out,
	       uint64_t *ret_rows)
{
	SCOPED(key_done) struct key one = KEY_EMPTY;
	SCOPED(key_done) struct key other = KEY_EMPTY;
	struct moving moving = {
		.copy = copy, .table = table, .left_out = left_out, .after = &one, .last = &other
	};
	int r;

	do {
		r = store_transact(copy->to, insert_batch, &moving);
		if (r < 0)
			return r;
		swap_keys(&moving);
		moving.rows += moving.added;
		copy->progress(copy->context, table, moving.rows);
	} while (moving.batch == BATCH_ROWS);
	*ret_rows = moving.rows;
	return 0;
}
