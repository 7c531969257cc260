/* SPDX-License-Identifier: MIT */
/* Events on their way from the database's rows to those who look for them: for what searches. */
#ifndef TOOLS_SERVER_RECORD_SEARCH_EVENT_H
#define TOOLS_SERVER_RECORD_SEARCH_EVENT_H

#include "tools/server/record/search.h"

/* The columns of record_event and record_asked in the order that search_event_take reads. */
#define SEARCH_STATEMENT_COLUMNS                                                                     \
	"time, source, connection, 1 AS kind, sequence, judgement, flags, leaf, log, ended, status," \
	" rows_count, masked_cells, sqlstate"
#define SEARCH_ASKED_COLUMNS                                                                       \
	"time, source, connection, 0 AS kind, judgement AS sequence, judgement,"                   \
	" CAST(0 AS BIGINT) AS flags, leaf, log, CAST(NULL AS BIGINT) AS ended,"                   \
	" CAST(NULL AS BIGINT) AS status, CAST(NULL AS BIGINT) AS rows_count,"                     \
	" CAST(NULL AS BIGINT) AS masked_cells, CAST(NULL AS BIGINT) AS sqlstate"

/* Reads the numbers of a row. */
void search_event_take(const struct store_value *columns, struct search_event *ret_event);

/* Reads what else is known of `event`, and shows it. */
must_use int search_event_show(struct store *store, const struct search_event *event,
			       search_event_fn row, void *context);

#endif
