/* SPDX-License-Identifier: MIT */
/* Statements as the index has them, and what is known of each by then. */
#ifndef TOOLS_SERVER_RECORD_STATEMENT_H
#define TOOLS_SERVER_RECORD_STATEMENT_H

#include "tools/audit/event.h"
#include "tools/server/record/definition.h"

struct statement {
	bool is_asked; /* a question of which no process told; `number` is its judgement's */
	int64_t source;
	int64_t log;                 /* which has its `leaf`; filled by statement_find alone */
	uint64_t connection, number; /* the intent's in its ring */
	uint64_t time_ns, judgement, leaf, ended_ns;
	uint8_t flags;
	uint32_t text_bytes;
};

/* Fills the statement whose source, connection and number are set.  -ENOENT: there is none. */
must_use int statement_find(struct store *store, struct statement *statement);

/* One page of what has no outcome. */
struct statement_page {
	bool is_asked; /* questions, else statements */
	int64_t log;
	uint64_t first_leaf, end_leaf; /* of one delivery */
	bool has_begun;                /* the page begins behind `connection`, `number` */
	uint64_t connection, number;
	size_t count_max;
};

/* Gives those of the leaves that have no outcome. */
typedef int statement_fn(void *context, const struct statement *statement);
must_use int statement_each_open(struct store *store, const struct statement_page *page,
				 statement_fn *seen, void *context);

/* The statement as an event, with what it refers to, which lives until definitions_trim.  `boot`: of the
 * part that tells of it. */
must_use int statement_event(const struct statement *statement, uint32_t boot,
			     struct definitions *definitions, struct audit_event *ret_event);

#endif
