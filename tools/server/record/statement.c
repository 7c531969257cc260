/* SPDX-License-Identifier: MIT */
#include "tools/server/record/statement.h"

#include <errno.h>

static int take(void *context, const struct store_value *columns, size_t count)
{
	struct statement *statement = context;

	(void)count;
	statement->time_ns = (uint64_t)columns[0].number;
	statement->judgement = (uint64_t)columns[1].number;
	statement->flags = (uint8_t)columns[2].number;
	statement->text_bytes = (uint32_t)columns[3].number;
	statement->leaf = (uint64_t)columns[4].number;
	statement->ended_ns = columns[5].kind == STORE_NULL ? 0 : (uint64_t)columns[5].number;
	statement->log = columns[6].number;
	return 0;
}

int statement_find(struct store *store, struct statement *statement)
{
	statement->time_ns = 0;
	int r = store_run(
		store,
		"SELECT time, judgement, flags, text_bytes, leaf, ended, log FROM record_event"
		" WHERE source = $1 AND connection = $2 AND sequence = $3",
		STORE_VALUES(store_number(statement->source),
			     store_number((int64_t)statement->connection),
			     store_number((int64_t)statement->number)),
		take, statement);

	if (r < 0)
		return r;
	return statement->time_ns > 0 ? 0 : -ENOENT;
}

struct visit {
	bool is_asked;
	statement_fn *seen;
	void *context;
};

static int visit(void *context, const struct store_value *columns, size_t count)
{
	const struct visit *each = context;
	struct statement statement = { .is_asked = each->is_asked,
				       .source = columns[0].number,
				       .connection = (uint64_t)columns[1].number,
				       .number = (uint64_t)columns[2].number,
				       .time_ns = (uint64_t)columns[3].number,
				       .judgement = (uint64_t)columns[4].number,
				       .leaf = (uint64_t)columns[5].number };

	if (count > 6) {
		statement.flags = (uint8_t)columns[6].number;
		statement.text_bytes = (uint32_t)columns[7].number;
	}
	return each->seen(each->context, &statement);
}

int statement_each_open(struct store *store, const struct statement_page *page, statement_fn *seen,
			void *context)
{
	struct visit each = { page->is_asked, seen, context };
	const char *sql =
		page->is_asked
			? "SELECT source, connection, judgement, time, judgement, leaf"
			  " FROM record_asked WHERE log = $1"
			  " AND leaf >= $2 AND leaf < $3 AND ($4 = 0 OR"
			  " connection > $5 OR (connection = $5 AND judgement > $6))"
			  " ORDER BY connection, judgement LIMIT $7"
			: "SELECT source, connection, sequence, time, judgement, leaf, flags,"
			  " text_bytes FROM record_event WHERE log = $1"
			  " AND leaf >= $2 AND leaf < $3"
			  " AND ended IS NULL AND ($4 = 0 OR"
			  " connection > $5 OR (connection = $5 AND sequence > $6))"
			  " ORDER BY connection, sequence LIMIT $7";

	return store_run(
		store, sql,
		STORE_VALUES(store_number(page->log), store_number((int64_t)page->first_leaf),
			     store_number((int64_t)page->end_leaf), store_number(page->has_begun),
			     store_number((int64_t)page->connection),
			     store_number((int64_t)page->number),
			     store_number((int64_t)page->count_max)),
		visit, &each);
}

struct lookup {
	struct definitions *definitions;
	int64_t source;
	uint64_t boot;
	int failed;
};

/* Numbers without a boot in their upper half are of the boot that tells of the statement. */
static const struct record_entry *look_up(void *context, enum record_kind kind, uint64_t number)
{
	struct lookup *lookup = context;
	const struct definition_key key = { lookup->source, kind,
					    number >> 32 ? number : lookup->boot << 32 | number };
	const struct record_entry *entry = NULL;
	int r = definitions_find(lookup->definitions, &key, &entry);

	if (r < 0)
		lookup->failed = r;
	return entry;
}

int statement_event(const struct statement *statement, uint32_t boot,
		    struct definitions *definitions, struct audit_event *ret_event)
{
	struct lookup lookup = { definitions, statement->source, boot, 0 };

	*ret_event = (struct audit_event){
		.kind = statement->is_asked ? AUDIT_ASKED : AUDIT_STATEMENT,
		.boot_number = boot,
		.connection_number = statement->connection,
		.judgement_number = statement->judgement,
		.sequence = statement->number,
		.time_ns = statement->time_ns,
	};
	ret_event->intent.flags = statement->flags;
	ret_event->intent.intent.text_bytes = statement->text_bytes;
	audit_event_define(ret_event, look_up, &lookup);
	return lookup.failed;
}
