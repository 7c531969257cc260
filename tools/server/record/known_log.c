/* SPDX-License-Identifier: MIT */
#include "tools/server/record/known_log.h"

#include <errno.h>
#include <stdio.h>

#define COLUMNS                                                                                    \
	"tree.log, tree.name, tree.verifier, coalesce((SELECT max(checkpoint.size)"                \
	" FROM log_checkpoint AS checkpoint WHERE checkpoint.log = tree.log), 0)"

enum column { LOG, NAME, KEY, SIZE };

static int take(void *context, const struct store_value *columns, size_t count)
{
	struct known_log *known = context;
	int name, key;

	(void)count;
	known->log = columns[LOG].number;
	known->size = (uint64_t)columns[SIZE].number;
	name = snprintf(known->name, sizeof(known->name), "%.*s",
			SLICE_ARGUMENTS(columns[NAME].bytes));
	key = snprintf(known->key, sizeof(known->key), "%.*s", SLICE_ARGUMENTS(columns[KEY].bytes));
	return (size_t)name < sizeof(known->name) && (size_t)key < sizeof(known->key) ? 0
										      : -EUCLEAN;
}

static int found(int r, const struct known_log *known)
{
	return r < 0 ? r : known->log > 0 ? 0 : -ENOENT;
}

int known_log_named(struct store *store, struct slice name, struct known_log *ret_known)
{
	ret_known->log = 0;
	return found(store_run(store,
			       "SELECT " COLUMNS " FROM log_tree AS tree WHERE tree.name = $1",
			       STORE_VALUES(store_text(name)), take, ret_known),
		     ret_known);
}

int known_log_numbered(struct store *store, int64_t log, struct known_log *ret_known)
{
	ret_known->log = 0;
	return found(store_run(store,
			       "SELECT " COLUMNS " FROM log_tree AS tree WHERE tree.log = $1",
			       STORE_VALUES(store_number(log)), take, ret_known),
		     ret_known);
}

struct visit {
	known_log_fn *seen;
	void *context;
};

static int visit(void *context, const struct store_value *columns, size_t count)
{
	const struct visit *each = context;
	struct known_log known;
	int r = take(&known, columns, count);

	return r < 0 ? r : each->seen(each->context, &known);
}

int known_log_each(struct store *store, int64_t after, known_log_fn *seen, void *context)
{
	struct visit each = { seen, context };

	return store_run(store,
			 "SELECT " COLUMNS " FROM log_tree AS tree WHERE tree.log > $1"
			 " ORDER BY tree.log LIMIT 100",
			 STORE_VALUES(store_number(after)), visit, &each);
}

static int take_note(void *context, const struct store_value *columns, size_t count)
{
	struct buf *note = context;

	(void)count;
	buf_add_slice(note, columns[0].bytes);
	return note->failed;
}

int known_log_checkpoint(struct store *store, int64_t log, uint64_t size, struct buf *note)
{
	size_t before = note->length;
	int r = store_run(store,
			  "SELECT note FROM log_checkpoint WHERE log = $1 AND ($2 = 0 OR size = $2)"
			  " ORDER BY size DESC LIMIT 1",
			  STORE_VALUES(store_number(log), store_number((int64_t)size)), take_note,
			  note);

	return r < 0 ? r : note->length > before ? 0 : -ENOENT;
}
