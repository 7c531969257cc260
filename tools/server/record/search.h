/* SPDX-License-Identifier: MIT */
/* Looking for statements in the record, as its rows tell of them (index.h), newest first.  A page has as
 * many events as were asked for, or fewer and a cursor to go on from: what is looked at for one page is
 * bounded, so that nobody who looks for something rare holds the database.  Pages that follow each
 * other's cursors show each event that was there before the first of them once, whatever comes
 * meanwhile. */
#ifndef TOOLS_SERVER_RECORD_SEARCH_H
#define TOOLS_SERVER_RECORD_SEARCH_H

#include <stdbool.h>

#include "common/cleanup.h"
#include "tools/server/store/store.h"

#define SEARCH_LIMIT_MAX    200u   /* events of a page */
#define SEARCH_EXAMINED_MAX 20000u /* rows that are looked at for a page */
#define SEARCH_ID_SIZE      64u
#define SEARCH_CURSOR_SIZE  1024u
#define SEARCH_LOGS_MAX     48u /* whose news are told: those of the servers that wrote last */
#define SEARCH_SHAPE_ID     8u  /* bytes */

/* What is looked for; an empty text is any.  `*` stands for any part of a name. */
struct search_filter {
	struct slice person;   /* a person, user or AI agent */
	struct slice agent;    /* a machine: its id, or the name of its host */
	struct slice database; /* the connection's */
	struct slice table;    /* "orders", "public.orders" */
	struct slice shape;    /* a part of the statement in either case, or the shape's id */
	struct slice verdict;  /* as `chaperone audit list --verdict` has them */
	struct slice rule;     /* "agents-read", "shop/agents-read" */
	uint64_t from_ns, until_ns;
};

#define SEARCH_ANY                                                                                 \
	{                                                                                          \
		.until_ns = INT64_MAX                                                              \
	}

struct search {
	struct search_filter filter;
	struct slice cursor; /* that an earlier page ended with; empty: from the newest on */
	size_t limit;        /* 1 to SEARCH_LIMIT_MAX */
};

enum search_kind {
	SEARCH_ASKED, /* the agent was asked, and no process reported the statement */
	SEARCH_STATEMENT,
};

/* Where an event stands in the order of a search.  Numbers carry their boot in the upper half. */
struct search_key {
	int64_t time_ns, source, connection;
	int64_t kind;     /* enum search_kind */
	int64_t sequence; /* of the intent in its ring, or the judgement's number */
};

/* What is known of one event; texts are empty where nothing is known, and live until the row function
 * returns. */
struct search_event {
	struct search_key key;
	int64_t judgement, leaf, log;
	unsigned int flags; /* enum ring_flag */
	bool has_ended, is_lost;
	int64_t ended_ns, status, rows, masked_cells; /* where it has ended and is not lost */
	uint32_t sqlstate;
	bool has_process;
	int64_t process;

	struct slice agent; /* the machine's id */
	struct slice person, os_user, bot, program, host, database, server, db_user, run;
	struct slice shape_id, shape, verdict, reason, rules, effects, masked;
};

/* Sees one event.  A negative errno ends the search and is its result. */
typedef int (*search_event_fn)(void *context, const struct search_event *event);

/* Shows one page.  `ret_cursor` is what the next one goes on from, empty when there is no more.
 * -EDOM: the cursor is none. */
must_use int search_events(struct store *store, const struct search *search, search_event_fn row,
			   void *context, char ret_cursor[SEARCH_CURSOR_SIZE]);

/* Shows the events that came after `search->cursor`, which search_now or an earlier call gave, of each log in
 * the order in which they came to it, whole or not at all twice; `ret_cursor` is never empty.  1: there may
 * be more at once; 0: there is no more.  -EDOM as above. */
must_use int search_news(struct store *store, const struct search *search, search_event_fn row,
			 void *context, char ret_cursor[SEARCH_CURSOR_SIZE]);

/* The cursor behind everything that is in the logs, and how large all their trees are. */
must_use int search_now(struct store *store, char ret_cursor[SEARCH_CURSOR_SIZE],
			int64_t *ret_size);

/* Shows the event of the machine `agent` that `id` names: search_event_id's, or BOOT-JUDGEMENT as refusals
 * show it, of which it is the newest.  -ENOENT: there is none. */
must_use int search_event_one(struct store *store, struct slice agent, struct slice id,
			      search_event_fn row, void *context);

/* Its id on its machine, as `chaperone audit list` shows it: "01930c7e-2-1f". */
void search_event_id(const struct search_event *event, char ret_id[SEARCH_ID_SIZE]);

/* Words of an event. */
bool search_event_is_refused(const struct search_event *event);
const char *search_event_outcome(const struct search_event *event); /* "open", "known", "lost" */
const char *search_event_status(const struct search_event *event);  /* "ok"…; "" unless known */
void search_event_sqlstate(const struct search_event *event, char ret_sqlstate[6]);

#endif
