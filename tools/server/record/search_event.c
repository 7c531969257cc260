/* SPDX-License-Identifier: MIT */
/* One event of a search, and all that is said of it. */
#include "tools/server/record/search_event.h"

#include <stdio.h>

#include "common/record.h"

/* ---- its words ---- */

/* "BOOT-NUMBER" of a number that carries its boot in the upper half. */
static int print_number(char *out, const char *prefix, int64_t number)
{
	return snprintf(out, SEARCH_ID_SIZE, "%08llx-%s%llx", (unsigned long long)number >> 32,
			prefix, (unsigned long long)(uint32_t)number);
}

void search_event_id(const struct search_event *event, char ret_id[SEARCH_ID_SIZE])
{
	if (event->key.kind == SEARCH_ASKED) {
		print_number(ret_id, "j", event->judgement);
		return;
	}
	int length = event->has_process ? print_number(ret_id, "", event->process)
					: print_number(ret_id, "l", event->key.connection);
	snprintf(ret_id + length, SEARCH_ID_SIZE - (size_t)length, "-%llx",
		 (unsigned long long)event->key.sequence);
}

bool search_event_is_refused(const struct search_event *event)
{
	if (event->key.kind == SEARCH_STATEMENT)
		return (event->flags & RING_REFUSED) != 0;
	return slice_is(event->verdict, "deny") || slice_is(event->verdict, "approve");
}

const char *search_event_outcome(const struct search_event *event)
{
	return !event->has_ended ? "open" : event->is_lost ? "lost" : "known";
}

const char *search_event_status(const struct search_event *event)
{
	static const char *const STATUSES[] = {
		[RING_STATUS_OK] = "ok",
		[RING_STATUS_ERROR] = "error",
		[RING_STATUS_CONNECTION] = "connection",
		[RING_STATUS_ABORTED] = "aborted",
	};

	if (!event->has_ended || event->is_lost)
		return "";
	return event->status >= 0 && (size_t)event->status < COUNT_OF(STATUSES)
		       ? STATUSES[event->status]
		       : "unknown";
}

/* As the server's MAKE_SQLSTATE packs it (src/include/utils/elog.h): six bits a character, from '0'
 * on. */
void search_event_sqlstate(const struct search_event *event, char ret_sqlstate[6])
{
	uint32_t packed = event->sqlstate;

	for (size_t i = 0; i < 5; i++) {
		ret_sqlstate[i] = event->sqlstate ? (char)('0' + (packed & 0x3f)) : '\0';
		packed >>= 6;
	}
	ret_sqlstate[5] = '\0';
}

/* ---- its rows ---- */

enum row_column {
	TIME,
	SOURCE,
	CONNECTION,
	KIND,
	SEQUENCE,
	JUDGEMENT,
	FLAGS,
	LEAF,
	LOG,
	ENDED,
	STATUS,
	ROWS,
	MASKED_CELLS,
	SQLSTATE,
};

void search_event_take(const struct store_value *columns, struct search_event *ret_event)
{
	bool has_ended = columns[ENDED].kind != STORE_NULL;

	*ret_event = (struct search_event){
		.key = { columns[TIME].number, columns[SOURCE].number, columns[CONNECTION].number,
			 columns[KIND].number, columns[SEQUENCE].number },
		.judgement = columns[JUDGEMENT].number,
		.flags = (unsigned int)columns[FLAGS].number,
		.leaf = columns[LEAF].number,
		.log = columns[LOG].number,
		.has_ended = has_ended,
		.is_lost = has_ended && columns[STATUS].number < 0,
		.ended_ns = columns[ENDED].number,
		.status = columns[STATUS].number,
		.rows = columns[ROWS].number,
		.masked_cells = columns[MASKED_CELLS].number,
		.sqlstate = (uint32_t)columns[SQLSTATE].number,
	};
}

struct showing {
	struct search_event event;
	search_event_fn row;
	void *context;
};

enum said_column {
	AGENT,
	PROCESS,
	PERSON,
	OS_USER,
	BOT,
	PROGRAM,
	HOST,
	DATABASE,
	SERVER,
	DB_USER,
	RUN,
	SHAPE_ID,
	SHAPE,
	VERDICT,
	REASON,
	RULES,
	EFFECTS,
	MASKED,
	SAID,
};

_Static_assert((size_t)SAID <= STORE_VALUES_MAX, "a row has them all");

static int show(void *context, const struct store_value *columns, size_t count)
{
	struct showing *showing = context;
	struct search_event *event = &showing->event;

	(void)count;
	event->has_process = columns[PROCESS].kind != STORE_NULL;
	event->process = columns[PROCESS].number;
	event->agent = columns[AGENT].bytes;
	event->person = columns[PERSON].bytes;
	event->os_user = columns[OS_USER].bytes;
	event->bot = columns[BOT].bytes;
	event->program = columns[PROGRAM].bytes;
	event->host = columns[HOST].bytes;
	event->database = columns[DATABASE].bytes;
	event->server = columns[SERVER].bytes;
	event->db_user = columns[DB_USER].bytes;
	event->run = columns[RUN].bytes;
	event->shape_id = columns[SHAPE_ID].bytes;
	event->shape = columns[SHAPE].bytes;
	event->verdict =
		columns[VERDICT].kind == STORE_NULL ? SLICE("unknown") : columns[VERDICT].bytes;
	event->reason = columns[REASON].bytes;
	event->rules = columns[RULES].bytes;
	event->effects = columns[EFFECTS].bytes;
	event->masked = columns[MASKED].bytes;
	return showing->row(showing->context, event);
}

int search_event_show(struct store *store, const struct search_event *event, search_event_fn row,
		      void *context)
{
	struct showing showing = { *event, row, context };

	return store_run(
		store,
		"SELECT origin.agent, subject.parent, subject.person, subject.os_user, subject.bot,"
		" subject.program, subject.host, subject.database, subject.server,"
		" subject.db_user, subject.run, judgement.shape_id, judgement.shape,"
		" judgement.verdict, judgement.reason, judgement.rules, judgement.effects,"
		" judgement.masked FROM record_source AS origin"
		" LEFT JOIN record_subject AS subject ON subject.source = origin.source"
		" AND subject.kind = $1 AND subject.number = $2"
		" LEFT JOIN record_judgement AS judgement ON judgement.source = origin.source"
		" AND judgement.number = $3 WHERE origin.source = $4",
		STORE_VALUES(store_number(RECORD_CONNECTION), store_number(event->key.connection),
			     store_number(event->judgement), store_number(event->key.source)),
		show, &showing);
}
