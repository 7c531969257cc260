/* SPDX-License-Identifier: MIT */
#include "tools/server/forward/forward_source.h"

#include <errno.h>
#include <stdio.h>

#include "common/clock.h"
#include "tools/server/http/agent.h"

#define ENTRIES_AT_ONCE    20000u /* looked at for one batch */
#define DELIVERIES_AT_ONCE 256u

/* Going over what has no outcome, delivery by delivery. */
struct waiting {
	struct log_delivery delivery;
	struct statement_page page; /* of the delivery, once it has begun */
	bool is_within;
	struct statement *at; /* of the page */
	size_t count;
};

struct forward_source {
	struct store *store;
	const char *server;
	struct log_reader reader;
	struct definitions definitions;
	struct waiting waiting;
	uint64_t open_leaf, open_after_ns, since_ns;
	int64_t agent_source; /* whose id `agent` is */
	char agent[2 * AGENT_ID_SIZE + 1];
};

int forward_source_new(struct store *store, const char *server, int64_t log,
		       struct forward_source **ret_source)
{
	SCOPED(forward_source_freep) struct forward_source *source = calloc(1, sizeof(*source));

	if (!source)
		return -ENOMEM;
	source->store = source->definitions.store = store;
	source->server = server;
	log_reader_init(&source->reader, store, log);
	source->waiting.at = calloc(FORWARD_EVENTS_MAX, sizeof(*source->waiting.at));
	if (!source->waiting.at)
		return -ENOMEM;
	*ret_source = steal(source);
	return 0;
}

void forward_source_free(struct forward_source *source)
{
	if (!source)
		return;
	log_reader_done(&source->reader);
	definitions_done(&source->definitions);
	free(source->waiting.at);
	free(source);
}

void forward_source_seek(struct forward_source *source, const struct forward *forward)
{
	log_reader_seek(&source->reader, forward->progress.next);
	source->open_leaf = forward->progress.open_leaf;
	source->open_after_ns = forward->open_after_s * SECOND_NS;
	source->since_ns = forward->since_ns;
	source->waiting.is_within = false;
}

/* ---- one event ---- */

static int take_agent(void *context, const struct store_value *columns, size_t count)
{
	struct forward_source *source = context;

	(void)count;
	snprintf(source->agent, sizeof(source->agent), "%.*s", SLICE_ARGUMENTS(columns[0].bytes));
	return 0;
}

static int find_agent(struct forward_source *source, int64_t number)
{
	if (source->agent_source == number)
		return 0;
	source->agent[0] = '\0';
	int r = store_run(source->store, "SELECT agent FROM record_source WHERE source = $1",
			  STORE_VALUES(store_number(number)), take_agent, source);
	if (r == 0)
		source->agent_source = number;
	return r;
}

/* Unique among all machines: boots of two of them may have the same number.  A question's has its
 * connection as well, since others may have led to the same judgement.  What is sent while there is no
 * outcome is not what is sent with one. */
static void name_event(const struct forward_source *source, const struct audit_event *event,
		       char ret_uid[FORWARD_EVENT_NAME_MAX])
{
	char id[AUDIT_ID_SIZE], connection[24] = "";
	bool is_open = event->kind == AUDIT_STATEMENT && event->end == AUDIT_END_OPEN;

	audit_event_id(event, id);
	if (event->kind == AUDIT_ASKED)
		snprintf(connection, sizeof(connection), "-%llx",
			 (unsigned long long)event->connection_number);
	snprintf(ret_uid, FORWARD_EVENT_NAME_MAX, "%s/%s%s%s", source->agent, id, connection,
		 is_open ? "/open" : "");
}

static int add_event(struct forward_source *source, const struct audit_event *event,
		     const struct log_delivery *delivery, struct forward_batch *batch)
{
	char uid[FORWARD_EVENT_NAME_MAX];
	struct ocsf_carrier carrier = { uid, source->server, delivery->received_ns };
	int r = find_agent(source, delivery->source);

	if (r < 0)
		return r;
	name_event(source, event, uid);
	return forward_batch_add(batch, event, slice_of(source->agent), &carrier);
}

/* ---- outcomes, as the log has them ---- */

/* The boot of the part that tells of the statement, which is most often the one that tells of its
 * outcome.  Another server may have got it, in whose log it is. */
static int find_boot(struct forward_source *source, const struct statement *statement,
		     uint32_t *ret_boot)
{
	struct log_delivery delivery = source->reader.delivery;
	uint64_t leaf = statement->leaf;
	int r = 0;

	if (statement->log != source->reader.log || leaf < delivery.first_leaf ||
	    leaf >= delivery.end_leaf)
		r = log_find_delivery(source->store, statement->log, leaf, &delivery);
	*ret_boot = delivery.part.boot;
	return r == -ENOENT ? -EUCLEAN : r;
}

/* Of two outcomes of a statement the first one counts. */
static int add_ended(struct forward_source *source, const struct record_entry *entry,
		     struct forward_batch *batch)
{
	const struct log_delivery *delivery = &source->reader.delivery;
	uint64_t boot = delivery->part.boot;
	struct statement statement = { .source = delivery->source,
				       .connection = entry->parent >> 32
							     ? entry->parent
							     : boot << 32 | entry->parent,
				       .number = entry->number };
	struct audit_event event;
	uint32_t told_boot;
	int r = statement_find(source->store, &statement);

	if (r < 0 || statement.ended_ns != entry->time_ns || statement.time_ns < source->since_ns)
		return r == -ENOENT ? 0 : r;
	r = find_boot(source, &statement, &told_boot);
	if (r == 0)
		r = statement_event(&statement, told_boot, &source->definitions, &event);
	if (r < 0)
		return r;
	event.end = entry->kind == RECORD_LOST ? AUDIT_END_LOST : AUDIT_END_KNOWN;
	event.end_time_ns = entry->time_ns;
	event.outcome = entry->slot;
	return add_event(source, &event, delivery, batch);
}

static int fill_ended(struct forward_source *source, struct forward_batch *batch)
{
	struct log_entry entry;
	int r = 1;

	for (size_t i = 0; i < ENTRIES_AT_ONCE && r == 1 && !forward_batch_is_full(batch); i++) {
		r = log_reader_next(&source->reader, &entry);
		if (r != 1 ||
		    (entry.entry.kind != RECORD_OUTCOME && entry.entry.kind != RECORD_LOST))
			continue;
		definitions_trim(&source->definitions);
		r = add_ended(source, &entry.entry, batch);
		if (r == 0)
			r = 1;
	}
	return r < 0 ? r : 0;
}

/* ---- what has waited for its outcome long enough ---- */

static int keep_statement(void *context, const struct statement *statement)
{
	struct waiting *waiting = context;

	waiting->at[waiting->count++] = *statement;
	return 0;
}

/* Begins with the delivery at `open_leaf` when its time has come, and what the log has up to its end was
 * sent. */
static int begin_delivery(struct forward_source *source)
{
	struct waiting *waiting = &source->waiting;
	struct log_delivery *delivery = &waiting->delivery;
	int r = log_find_next(source->store, source->reader.log, source->open_leaf, delivery);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	waiting->is_within = delivery->end_leaf <= source->reader.next.leaf &&
			     delivery->received_ns + source->open_after_ns <= realtime_ns();
	waiting->page = (struct statement_page){ .log = source->reader.log,
						 .first_leaf = delivery->first_leaf,
						 .end_leaf = delivery->end_leaf };
	return 0;
}

/* After the statements the questions, and then the next delivery. */
static void leave_page(struct forward_source *source)
{
	struct statement_page *page = &source->waiting.page;

	if (!page->is_asked) {
		page->is_asked = true;
		page->has_begun = false;
		return;
	}
	source->waiting.is_within = false;
	source->open_leaf = page->end_leaf;
}

static int add_open(struct forward_source *source, const struct statement *statement,
		    struct forward_batch *batch)
{
	const struct log_delivery *delivery = &source->waiting.delivery;
	struct audit_event event;

	if (statement->time_ns < source->since_ns)
		return 0;
	definitions_trim(&source->definitions);
	int r = statement_event(statement, delivery->part.boot, &source->definitions, &event);
	return r < 0 ? r : add_event(source, &event, delivery, batch);
}

static int fill_page(struct forward_source *source, struct forward_batch *batch)
{
	struct waiting *waiting = &source->waiting;
	struct statement_page *page = &waiting->page;
	size_t added = 0;

	waiting->count = 0;
	page->count_max = batch->events_max - batch->events;
	int r = statement_each_open(source->store, page, keep_statement, waiting);
	for (; r == 0 && added < waiting->count && !forward_batch_is_full(batch); added++) {
		const struct statement *statement = &waiting->at[added];

		r = add_open(source, statement, batch);
		page->has_begun = true;
		page->connection = statement->connection;
		page->number = statement->number;
	}
	if (r == 0 && added == waiting->count && added < page->count_max)
		leave_page(source);
	return r;
}

static int fill_waiting(struct forward_source *source, struct forward_batch *batch)
{
	for (size_t i = 0; i < DELIVERIES_AT_ONCE && !forward_batch_is_full(batch); i++) {
		int r = source->waiting.is_within ? 0 : begin_delivery(source);

		if (r < 0 || !source->waiting.is_within)
			return r;
		r = fill_page(source, batch);
		if (r < 0)
			return r;
	}
	return 0;
}

int forward_source_fill(struct forward_source *source, struct forward_batch *batch)
{
	int r = fill_ended(source, batch);

	if (r == 0 && batch->events == 0)
		r = fill_waiting(source, batch);
	if (r < 0)
		return r;
	batch->after = (struct forward_progress){ .next = source->reader.next,
						  .open_leaf = source->open_leaf };
	return forward_batch_end(batch);
}
