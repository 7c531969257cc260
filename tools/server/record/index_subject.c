/* SPDX-License-Identifier: MIT */
#include "tools/server/record/index_subject.h"

#include <string.h>

/* Columns of record_subject, and the facts of which the first that is there is meant. */
#define NAMES_MAX 3
static const char *const FACTS[][NAMES_MAX] = {
	{ "subject", "person", "as" }, { "user" },    { "agent" }, { "exe" }, { "database" },
	{ "server", "address" },       { "db_user" }, { "host" },  { "run" },
};

#define FACTS_COUNT COUNT_OF(FACTS)
#define FACT_MAX    4096u /* bytes; what is longer is cut */

void subject_text(struct slice text, struct buf *out)
{
	if (slice_is_utf8(text) && !memchr(text.at ? text.at : "", 0, text.length)) {
		buf_add_slice(out, text);
		return;
	}
	for (size_t i = 0; i < text.length; i++)
		buf_add_char(out, text.at[i] > 0 ? text.at[i] : '?');
}

static struct slice find_fact(const struct record_entry *entry, const char *const *names)
{
	for (size_t n = 0; n < NAMES_MAX && names[n]; n++) {
		for (size_t i = 0; i < entry->fact_count; i++) {
			if (slice_is(entry->facts[i].name, names[n]) &&
			    entry->facts[i].value.length > 0)
				return slice_part(entry->facts[i].value, 0, FACT_MAX);
		}
	}
	return (struct slice){ NULL, 0 };
}

/* What is said of the parent, in memory of its own. */
struct inherited {
	bool is_there;
	char bytes[FACTS_COUNT][FACT_MAX];
	struct slice texts[FACTS_COUNT];
};

static int take_parent(void *context, const struct store_value *columns, size_t count)
{
	struct inherited *inherited = context;

	for (size_t i = 0; i < count && i < FACTS_COUNT; i++) {
		struct slice text = slice_part(columns[i].bytes, 0, FACT_MAX);

		if (text.length > 0)
			memcpy(inherited->bytes[i], text.at, text.length);
		inherited->texts[i] = (struct slice){ inherited->bytes[i], text.length };
	}
	inherited->is_there = true;
	return 0;
}

static int find_parent(struct store *store, const struct subject *subject, enum record_kind kind,
		       uint64_t number, struct inherited *inherited)
{
	return store_run(
		store,
		"SELECT person, os_user, bot, program, database, server, db_user, host, run"
		" FROM record_subject WHERE source = $1 AND kind = $2 AND number = $3",
		STORE_VALUES(store_number(subject->source), store_number(kind),
			     store_number((int64_t)number)),
		take_parent, inherited);
}

static int insert(struct store *store, const struct subject *subject,
		  const struct store_value *facts)
{
	const struct record_entry *entry = subject->entry;
	struct store_value values[5 + FACTS_COUNT] = {
		store_number(subject->source),          store_number(entry->kind),
		store_number((int64_t)subject->number), store_number((int64_t)subject->parent),
		store_number((int64_t)entry->time_ns),
	};

	memcpy(values + 5, facts, FACTS_COUNT * sizeof(*facts));
	return store_queue(
		store,
		"INSERT INTO record_subject (source, kind, number, parent, time, person, os_user,"
		" bot, program, database, server, db_user, host, run)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
		" ON CONFLICT (source, kind, number) DO NOTHING",
		(struct store_values){ values, COUNT_OF(values) });
}

int subject_add(struct store *store, const struct subject *subject)
{
	char room[FACTS_COUNT][FACT_MAX + 1];
	struct store_value facts[FACTS_COUNT];
	struct inherited inherited;

	inherited.is_there = false;
	memset(inherited.texts, 0, sizeof(inherited.texts));
	int r = find_parent(store, subject, subject->parent_kind, subject->parent, &inherited);
	if (r >= 0 && !inherited.is_there)
		r = find_parent(store, subject, RECORD_BOOT, subject->boot, &inherited);
	if (r < 0)
		return r;
	for (size_t i = 0; i < FACTS_COUNT; i++) {
		struct buf own = BUF_OVER(room[i]);

		subject_text(find_fact(subject->entry, FACTS[i]), &own);
		struct slice said = own.length > 0 ? buf_view(&own) : inherited.texts[i];
		facts[i] = said.length > 0 ? store_text(said)
					   : (struct store_value){ .kind = STORE_NULL };
	}
	return insert(store, subject, facts);
}
