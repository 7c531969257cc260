/* SPDX-License-Identifier: MIT */
/* The join: definitions are kept as long as events may name them, intents until their outcome
 * comes, questions until an intent answers them. */
#include "tools/chaperone/audit_events.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/audit/entry.h"
#include "tools/audit/map.h"

/* Keys of open events; definitions use their record_kind. */
enum open_kind { OPEN_INTENT = 100, OPEN_MISS };

struct audit_events {
	struct record_reader *reader;     /* NULL: the caller reads */
	const struct record_place *place; /* of the entry that is taken */
	struct audit_map definitions;     /* struct record_entry with all it points to */
	struct audit_map told;            /* likewise, of audit_events_tell */
	struct audit_map open;            /* struct audit_event */
	uint64_t note_count;              /* numbers the notes among the definitions */
};

struct audit_events *audit_events_new(void)
{
	return calloc(1, sizeof(struct audit_events));
}

int audit_events_open(const char *path, struct audit_events **ret_events, struct error *error)
{
	SCOPED(audit_events_closep) struct audit_events *events = audit_events_new();

	if (!events)
		return error_system(error, -ENOMEM, path);
	int r = record_reader_open(path, &events->reader, error);
	if (r < 0)
		return r;
	events->place = record_reader_place(events->reader);
	*ret_events = steal(events);
	return 0;
}

void audit_events_close(struct audit_events *events)
{
	if (!events)
		return;
	record_reader_close(events->reader);
	audit_map_done(&events->definitions);
	audit_map_done(&events->told);
	audit_map_done(&events->open);
	free(events);
}

static uint64_t boot_of(const struct audit_events *events)
{
	return events->place->boot;
}

/* Numbers carry their boot in the upper half, since a ring that an agent left is taken up by the
 * next one; a writer that does not do so means its own boot. */
static uint64_t home_of(const struct audit_events *events, uint64_t number)
{
	return number >> 32 ? number >> 32 : boot_of(events);
}

static const struct record_entry *definition(void *context, enum record_kind kind, uint64_t number)
{
	const struct audit_events *events = context;
	const struct audit_key key = { home_of(events, number), kind, number, 0 };
	const struct record_entry *own = audit_map_get(&events->definitions, &key);

	return own ? own : audit_map_get(&events->told, &key);
}

/* The first definition of a number stands: events point to it. */
static int keep(struct audit_map *map, const struct audit_key *key,
		const struct record_entry *entry)
{
	if (audit_map_get(map, key))
		return 0;
	SCOPED(free_p) struct record_entry *copy = audit_entry_copy(entry);
	if (!copy)
		return -ENOMEM;
	int r = audit_map_put(map, key, copy);
	if (r == 0)
		(void)steal(copy);
	return r;
}

static int define(struct audit_events *events, const struct record_entry *entry)
{
	uint64_t number = entry->kind == RECORD_BOOT ? 0 : entry->number;
	const struct audit_key key = { home_of(events, number), entry->kind, number, 0 };

	return keep(&events->definitions, &key, entry);
}

int audit_events_tell(struct audit_events *events, uint32_t boot,
		      const struct record_entry *definition)
{
	uint64_t number = definition->kind == RECORD_BOOT ? 0 : definition->number;
	const struct audit_key key = { number >> 32 ? number >> 32 : boot, definition->kind, number,
				       0 };

	return keep(&events->told, &key, definition);
}

static struct audit_event begin_event(struct audit_events *events, const struct record_entry *entry,
				      enum audit_kind kind)
{
	const struct record_place *place = events->place;
	struct audit_event event = {
		.kind = kind,
		.boot_number = place->boot,
		.connection_number = entry->parent,
		.judgement_number = entry->judgement,
		.sequence = entry->number,
		.time_ns = entry->time_ns,
		.intent = entry->slot,
		.offset = place->offset,
	};

	snprintf(event.file, sizeof(event.file), "%s", place->file);
	memcpy(event.head, place->head, SHA256_SIZE);
	audit_event_define(&event, definition, events);
	return event;
}

/* Keeps the event until its other half comes. */
static int keep_open(struct audit_events *events, const struct audit_key *key,
		     const struct audit_event *event)
{
	SCOPED(free_p) struct audit_event *copy = malloc(sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	*copy = *event;
	int r = audit_map_put(&events->open, key, copy);
	if (r == 0)
		(void)steal(copy);
	return r;
}

struct sink {
	audit_event_seen *seen;
	void *context;
};

static int give(const struct sink *sink, const struct audit_event *event)
{
	return sink->seen(sink->context, event);
}

/* Gives the event that is open under `key`, if there is one. */
static int give_open(struct audit_events *events, const struct audit_key *key,
		     const struct sink *sink)
{
	SCOPED(free_p) struct audit_event *event = audit_map_take(&events->open, key);

	return event ? give(sink, event) : 0;
}

static struct audit_key miss_key(const struct audit_events *events,
				 const struct record_entry *entry)
{
	return (struct audit_key){ home_of(events, entry->parent), OPEN_MISS, entry->parent,
				   entry->judgement };
}

static struct audit_key intent_key(const struct audit_events *events,
				   const struct record_entry *entry)
{
	return (struct audit_key){ home_of(events, entry->parent), OPEN_INTENT, entry->parent,
				   entry->number };
}

static int take_miss(struct audit_events *events, const struct record_entry *entry,
		     const struct sink *sink)
{
	const struct audit_key key = miss_key(events, entry);
	const struct audit_event event = begin_event(events, entry, AUDIT_ASKED);
	int r = give_open(events, &key, sink);

	return r < 0 ? r : keep_open(events, &key, &event);
}

static int take_intent(struct audit_events *events, const struct record_entry *entry,
		       const struct sink *sink)
{
	const struct audit_key key = intent_key(events, entry), asked = miss_key(events, entry);
	const struct audit_event event = begin_event(events, entry, AUDIT_STATEMENT);
	int r = give_open(events, &key, sink);

	free(audit_map_take(&events->open, &asked));
	return r < 0 ? r : keep_open(events, &key, &event);
}

static int take_outcome(struct audit_events *events, const struct record_entry *entry,
			const struct sink *sink)
{
	const struct audit_key key = intent_key(events, entry);
	SCOPED(free_p) struct audit_event *event = audit_map_take(&events->open, &key);

	if (!event)
		return 0;
	event->end = entry->kind == RECORD_LOST ? AUDIT_END_LOST : AUDIT_END_KNOWN;
	event->end_time_ns = entry->time_ns;
	event->outcome = entry->slot;
	return give(sink, event);
}

static int take_note(struct audit_events *events, const struct record_entry *entry,
		     const struct sink *sink)
{
	struct audit_event event = begin_event(events, entry, AUDIT_NOTE);
	struct record_entry numbered = *entry;

	numbered.number = ++events->note_count;
	int r = define(events, &numbered);
	event.note = definition(events, RECORD_NOTE, numbered.number);
	return r < 0 ? r : give(sink, &event);
}

static int take_definition(struct audit_events *events, const struct record_entry *entry,
			   const struct sink *sink)
{
	(void)sink;
	return define(events, entry);
}

static int (*const TAKE[])(struct audit_events *, const struct record_entry *,
			   const struct sink *) = {
	[RECORD_BOOT] = take_definition,
	[RECORD_POLICY] = take_definition,
	[RECORD_RUN] = take_definition,
	[RECORD_PROCESS] = take_definition,
	[RECORD_CONNECTION] = take_definition,
	[RECORD_JUDGEMENT] = take_definition,
	[RECORD_MISS] = take_miss,
	[RECORD_INTENT] = take_intent,
	[RECORD_OUTCOME] = take_outcome,
	[RECORD_LOST] = take_outcome,
	[RECORD_NOTE] = take_note,
	[RECORD_CLOSED] = NULL,
	[RECORD_END] = NULL,
	[RECORD_SEAL] = NULL,
};

static int take(struct audit_events *events, const struct record_entry *entry,
		const struct sink *sink)
{
	return TAKE[entry->kind] ? TAKE[entry->kind](events, entry, sink) : 0;
}

int audit_events_take(struct audit_events *events, const struct record_place *place,
		      const struct record_entry *entry, audit_event_seen *seen, void *context)
{
	const struct sink sink = { seen, context };

	events->place = place;
	int r = take(events, entry, &sink);
	events->place = NULL;
	return r;
}

int audit_events_poll(struct audit_events *events, audit_event_seen *seen,
		      audit_complaint_seen *complaint, void *context)
{
	const struct sink sink = { seen, context };
	struct record_entry entry;
	struct error error = { .line = 0 };
	int r;

	while ((r = record_reader_next(events->reader, &entry, &error)) != 0) {
		if (r == -EBADMSG)
			complaint(context, &error);
		else if (r < 0)
			return r;
		else
			r = take(events, &entry, &sink);
		if (r < 0 && r != -EBADMSG)
			return r;
	}
	return 0;
}

static int compare_times(const void *a, const void *b)
{
	const struct audit_event *left = *(const struct audit_event *const *)a;
	const struct audit_event *right = *(const struct audit_event *const *)b;

	if (left->time_ns != right->time_ns)
		return left->time_ns < right->time_ns ? -1 : 1;
	return (left->sequence > right->sequence) - (left->sequence < right->sequence);
}

int audit_events_end(struct audit_events *events, audit_event_seen *seen, void *context)
{
	size_t count = 0;
	SCOPED(free_p)
	const struct audit_event **open = calloc(events->open.count + 1, sizeof(*open));

	if (!open)
		return -ENOMEM;
	for (size_t i = 0; i < events->open.bucket_count; i++) {
		for (struct audit_node *node = events->open.buckets[i]; node; node = node->next)
			open[count++] = node->value;
	}
	qsort(open, count, sizeof(*open), compare_times);
	for (size_t i = 0; i < count; i++) {
		int r = seen(context, open[i]);
		if (r < 0)
			return r;
	}
	audit_map_done(&events->open);
	return 0;
}
