/* SPDX-License-Identifier: MIT */
/* Statements of the record as rows of a table, each a link to its own page. */
#ifndef TOOLS_SERVER_PAGES_RECORD_ROWS_H
#define TOOLS_SERVER_PAGES_RECORD_ROWS_H

#include "tools/server/pages/view.h"
#include "tools/server/record/search.h"

/* Appends a table of what `search` finds; `caption` is a literal.  `ret_cursor` and errors are
 * search_events'. */
must_use int record_rows_add(struct view *view, const struct search *search, const char *caption,
			     char ret_cursor[SEARCH_CURSOR_SIZE]);

/* Who did it: a person, or else what is known instead. */
struct slice record_rows_who(const struct search_event *event);

/* Appends how it was judged, as a word in its colour. */
void record_rows_add_verdict(struct buf *out, const struct search_event *event);

#endif
