/* SPDX-License-Identifier: MIT */
#include "tools/server/record/index.h"

#include <errno.h>
#include <stdbool.h>

#include "common/record_verdict.h"
#include "common/sha256.h"
#include "tools/server/record/definition.h"
#include "tools/server/record/index_count.h"
#include "tools/server/record/index_pending.h"
#include "tools/server/record/index_subject.h"

#define TEXTS_MAX     (2 * RECORD_BATCH_MAX) /* of a list, a line each */
#define SHAPE_ID_SIZE 8u
#define STATUS_LOST   (-1)

struct index {
	struct store *store;
	int64_t source, log;
	uint64_t boot;
	uint64_t first_ns, last_ns;
	uint64_t leaf, place;  /* of the entry that is added */
	struct counts *counts; /* NULL: it is not counted */
	struct pending pending;
};

int index_new(struct store *store, const struct index_place *place, struct index **ret_index)
{
	SCOPED(index_freep) struct index *index = calloc(1, sizeof(*index));

	if (!index)
		return -ENOMEM;
	int r = place->is_counted ? 0 : counts_new(store, place->source, &index->counts);
	if (r < 0)
		return r;
	index->store = store;
	index->source = place->source;
	index->log = place->log;
	index->boot = place->boot;
	*ret_index = steal(index);
	return 0;
}

void index_free(struct index *index)
{
	if (index)
		counts_free(index->counts);
	free(index);
}

/* Numbers carry their boot in the upper half, since a ring that an agent left is taken up by the next
 * one; a writer that does not do so means its own boot. */
static uint64_t whole(const struct index *index, uint64_t number)
{
	return number >> 32 ? number : index->boot << 32 | number;
}

static struct store_value number(uint64_t value)
{
	return store_number((int64_t)value);
}

/* ---- who acts ---- */

/* A boot has the number 0 of itself. */
static const enum record_kind PARENTS[] = {
	[RECORD_BOOT] = RECORD_BOOT,
	[RECORD_RUN] = RECORD_BOOT,
	[RECORD_PROCESS] = RECORD_RUN,
	[RECORD_CONNECTION] = RECORD_PROCESS,
};

static int take_subject(struct index *index, const struct record_entry *entry)
{
	bool is_boot = entry->kind == RECORD_BOOT;
	const struct subject subject = {
		.source = index->source,
		.entry = entry,
		.number = is_boot ? index->boot << 32 : whole(index, entry->number),
		.parent = whole(index, is_boot ? 0 : entry->parent),
		.parent_kind = PARENTS[entry->kind],
		.boot = index->boot << 32,
	};

	return subject_add(index->store, &subject);
}

static bool is_definition(enum record_kind kind)
{
	return kind <= RECORD_JUDGEMENT;
}

static int take_definition(struct index *index, const struct record_entry *entry)
{
	const struct definition_key key = { index->source, entry->kind,
					    entry->kind == RECORD_BOOT
						    ? index->boot << 32
						    : whole(index, entry->number) };

	return definition_add(index->store, &key, entry);
}

/* ---- how it was judged ---- */

enum { SHAPE, REASON, RULES, EFFECTS, MASKED, TEXTS };

static void add_lines(const struct slice *texts, size_t count, struct buf *out)
{
	for (size_t i = 0; i < count; i++) {
		buf_add_text(out, i > 0 ? "\n" : "");
		subject_text(texts[i], out);
	}
}

static int insert_judgement(struct index *index, const struct record_entry *entry,
			    const struct buf texts[TEXTS])
{
	unsigned char digest[SHA256_SIZE];

	sha256(entry->shape.at, entry->shape.length, digest);
	return store_queue(
		index->store,
		"INSERT INTO record_judgement (source, number, policy, time, shape_id, shape,"
		" verdict, reason, rules, effects, masked)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
		" ON CONFLICT (source, number) DO NOTHING",
		STORE_VALUES(
			store_number(index->source), number(whole(index, entry->number)),
			number(whole(index, entry->parent)), number(entry->time_ns),
			store_bytes(digest, SHAPE_ID_SIZE), store_text(buf_view(&texts[SHAPE])),
			store_text(slice_of(record_verdict(entry))),
			store_text(buf_view(&texts[REASON])), store_text(buf_view(&texts[RULES])),
			store_text(buf_view(&texts[EFFECTS])),
			store_text(buf_view(&texts[MASKED]))));
}

static int take_judgement(struct index *index, const struct record_entry *entry)
{
	struct buf texts[TEXTS];
	int r = 0;

	for (size_t i = 0; i < TEXTS; i++)
		texts[i] = (struct buf)BUF_MAX(TEXTS_MAX);
	subject_text(entry->shape, &texts[SHAPE]);
	subject_text(entry->reason, &texts[REASON]);
	add_lines(entry->rules, entry->rule_count, &texts[RULES]);
	add_lines(entry->effects, entry->effect_count, &texts[EFFECTS]);
	subject_text(entry->masked, &texts[MASKED]);
	for (size_t i = 0; i < TEXTS && r == 0; i++)
		r = texts[i].failed;
	if (r == 0)
		r = insert_judgement(index, entry, texts);
	for (size_t i = 0; i < TEXTS; i++)
		buf_done(&texts[i]);
	return r;
}

/* ---- what was asked and how it ended ---- */

/* A statement that was refused or lost has no outcome that counts. */
static void count_outcome(const struct pending_event *event, struct counted *counted)
{
	counted->failed = event->status == RING_STATUS_ERROR;
	counted->masked_cells = event->masked_cells;
}

static int count_event(struct index *index, const struct pending_event *event)
{
	struct counted counted = {
		.time_ns = (int64_t)event->time_ns,
		.connection = (int64_t)event->connection,
		.judgement = (int64_t)event->judgement,
		.statements = 1,
		.refused = (event->flags & RING_REFUSED) != 0,
	};

	if (event->has_ended)
		count_outcome(event, &counted);
	return index->counts ? counts_add(index->counts, &counted) : 0;
}

static int take_statement(void *context, const struct store_value *columns, size_t count)
{
	struct counted *counted = context;

	(void)count;
	counted->time_ns = columns[0].number;
	counted->judgement = columns[1].number;
	return 0;
}

/* The statement was counted when it came. */
static int count_late(struct index *index, const struct pending_event *event)
{
	struct counted counted = { .connection = (int64_t)event->connection };

	count_outcome(event, &counted);
	if (!index->counts || (counted.failed == 0 && counted.masked_cells == 0))
		return 0;
	int r = store_run(index->store,
			  "SELECT time, judgement FROM record_event"
			  " WHERE source = $1 AND connection = $2 AND sequence = $3",
			  STORE_VALUES(store_number(index->source), number(event->connection),
				       number(event->number)),
			  take_statement, &counted);
	return r < 0 ? r : counts_add(index->counts, &counted);
}

static int update_event(struct index *index, const struct pending_event *event)
{
	int r = store_run(
		index->store,
		"UPDATE record_event SET ended = $1, status = $2, rows_count = $3,"
		" masked_cells = $4, sqlstate = $5"
		" WHERE source = $6 AND connection = $7 AND sequence = $8 AND ended IS NULL",
		STORE_VALUES(number(event->ended_ns), store_number(event->status),
			     number(event->rows), store_number(event->masked_cells),
			     store_number(event->sqlstate), store_number(index->source),
			     number(event->connection), number(event->number)),
		NULL, NULL);

	return r <= 0 ? r : count_late(index, event);
}

static int insert_event(struct index *index, struct pending_event *event)
{
	const struct store_value none = { .kind = STORE_NULL };
	bool has_ended = event->has_ended;

	return store_queue_counted(
		index->store,
		"INSERT INTO record_event (source, connection, sequence, time, judgement, flags,"
		" text_bytes, log, leaf, ended, status, rows_count, masked_cells, sqlstate)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
		" ON CONFLICT (source, connection, sequence) DO NOTHING",
		STORE_VALUES(store_number(index->source), number(event->connection),
			     number(event->number), number(event->time_ns),
			     number(event->judgement), store_number(event->flags),
			     store_number(event->text_bytes), store_number(index->log),
			     number(event->leaf), has_ended ? number(event->ended_ns) : none,
			     has_ended ? store_number(event->status) : none,
			     has_ended ? number(event->rows) : none,
			     has_ended ? store_number(event->masked_cells) : none,
			     has_ended ? store_number(event->sqlstate) : none),
		&event->changes);
}

/* One that was there, since it was told of twice, may not have ended there. */
static int follow_event(struct index *index, const struct pending_event *event)
{
	if (event->changes > 0)
		return count_event(index, event);
	return event->has_ended ? update_event(index, event) : 0;
}

static int insert_asked(struct index *index, const struct pending_event *event)
{
	return store_queue(
		index->store,
		"INSERT INTO record_asked (source, connection, judgement, time, log, leaf)"
		" VALUES ($1, $2, $3, $4, $5, $6)"
		" ON CONFLICT (source, connection, judgement) DO NOTHING",
		STORE_VALUES(store_number(index->source), number(event->connection),
			     number(event->number), number(event->time_ns),
			     store_number(index->log), number(event->leaf)));
}

static int write_pending(struct index *index)
{
	struct pending *pending = &index->pending;
	int r = 0;

	for (size_t i = 0; i < pending->count && r == 0; i++) {
		struct pending_event *event = &pending->at[i];

		if (!event->is_gone)
			r = event->is_asked ? insert_asked(index, event)
					    : insert_event(index, event);
	}
	if (r == 0)
		r = store_settle(index->store);
	for (size_t i = 0; i < pending->count && r == 0; i++) {
		const struct pending_event *event = &pending->at[i];

		if (!event->is_gone && !event->is_asked)
			r = follow_event(index, event);
	}
	pending_clear(pending);
	return r;
}

static int add_pending(struct index *index, const struct pending_event *event)
{
	int r = index->pending.count == PENDING_MAX ? write_pending(index) : 0;

	if (r == 0)
		(void)pending_add(&index->pending, event);
	return r;
}

static struct pending_event begin_event(const struct index *index, const struct record_entry *entry)
{
	return (struct pending_event){
		.connection = whole(index, entry->parent),
		.number = entry->number,
		.judgement = entry->judgement ? whole(index, entry->judgement) : 0,
		.time_ns = entry->time_ns,
		.leaf = index->leaf,
		.flags = entry->slot.flags,
	};
}

static int take_miss(struct index *index, const struct record_entry *entry)
{
	struct pending_event event = begin_event(index, entry);

	event.is_asked = true;
	event.number = event.judgement;
	return add_pending(index, &event);
}

/* The intent tells of the question as well. */
static int drop_asked(struct index *index, const struct pending_event *event)
{
	struct pending_event *asked =
		pending_find(&index->pending, true, event->connection, event->judgement);

	if (asked) {
		asked->is_gone = true;
		return 0;
	}
	if (event->flags & (RING_CACHED_EXACT | RING_CACHED_TEMPLATE))
		return 0; /* nobody was asked */
	return store_queue(index->store,
			   "DELETE FROM record_asked"
			   " WHERE source = $1 AND connection = $2 AND judgement = $3",
			   STORE_VALUES(store_number(index->source), number(event->connection),
					number(event->judgement)));
}

static int take_intent(struct index *index, const struct record_entry *entry)
{
	struct pending_event event = begin_event(index, entry);
	int r = drop_asked(index, &event);

	event.text_bytes = entry->slot.intent.text_bytes;
	return r < 0 ? r : add_pending(index, &event);
}

static int take_outcome(struct index *index, const struct record_entry *entry)
{
	uint64_t connection = whole(index, entry->parent);
	struct pending_event known = { .connection = connection, .number = entry->number };
	struct pending_event *event =
		pending_find(&index->pending, false, connection, entry->number);
	bool is_pending = event != NULL;

	if (!event)
		event = &known;
	if (event->has_ended)
		return 0;
	event->has_ended = true;
	event->ended_ns = entry->time_ns;
	event->status = entry->kind == RECORD_LOST ? STATUS_LOST : entry->slot.status;
	event->rows = entry->slot.outcome.rows;
	event->masked_cells = entry->slot.outcome.masked_cells;
	event->sqlstate = entry->slot.outcome.sqlstate;
	return is_pending ? 0 : update_event(index, event);
}

static int take_note(struct index *index, const struct record_entry *entry)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(TEXTS_MAX);

	subject_text(entry->shape, &text);
	if (text.failed)
		return text.failed;
	return store_queue(index->store,
			   "INSERT INTO record_note (log, leaf, place, source, parent, time, text)"
			   " VALUES ($1, $2, $3, $4, $5, $6, $7)",
			   STORE_VALUES(store_number(index->log), number(index->leaf),
					number(index->place), store_number(index->source),
					number(whole(index, entry->parent)), number(entry->time_ns),
					store_text(buf_view(&text))));
}

static int (*const TAKE[])(struct index *, const struct record_entry *) = {
	[RECORD_BOOT] = take_subject,
	[RECORD_POLICY] = NULL,
	[RECORD_RUN] = take_subject,
	[RECORD_PROCESS] = take_subject,
	[RECORD_CONNECTION] = take_subject,
	[RECORD_JUDGEMENT] = take_judgement,
	[RECORD_MISS] = take_miss,
	[RECORD_INTENT] = take_intent,
	[RECORD_OUTCOME] = take_outcome,
	[RECORD_LOST] = take_outcome,
	[RECORD_NOTE] = take_note,
	[RECORD_CLOSED] = NULL,
	[RECORD_END] = NULL,
	[RECORD_SEAL] = NULL,
};

int index_add(struct index *index, const struct record_entry *entry, uint64_t leaf, uint64_t place)
{
	index->leaf = leaf;
	index->place = place;
	if (index->first_ns == 0 || entry->time_ns < index->first_ns)
		index->first_ns = entry->time_ns;
	if (entry->time_ns > index->last_ns)
		index->last_ns = entry->time_ns;
	int r = is_definition(entry->kind) ? take_definition(index, entry) : 0;
	return r == 0 && TAKE[entry->kind] ? TAKE[entry->kind](index, entry) : r;
}

int index_end(struct index *index, uint64_t *ret_first_ns, uint64_t *ret_last_ns)
{
	*ret_first_ns = index->first_ns;
	*ret_last_ns = index->last_ns;
	int r = write_pending(index);
	return r < 0 || !index->counts ? r : counts_write(index->counts);
}
