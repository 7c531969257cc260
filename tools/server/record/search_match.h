/* SPDX-License-Identifier: MIT */
/* Whether an event is one of those that are looked for.  Connections and judgements stand for many
 * events each, so what was found out about one is kept while a search lasts. */
#ifndef TOOLS_SERVER_RECORD_SEARCH_MATCH_H
#define TOOLS_SERVER_RECORD_SEARCH_MATCH_H

#include "tools/server/record/search.h"

struct search_match;

/* `filter` lives longer. */
must_use int search_match_new(struct store *store, const struct search_filter *filter,
			      struct search_match **ret_match);
void search_match_free(struct search_match *match);
DEFINE_FREEP(struct search_match, search_match_freep, search_match_free)

/* 1: it is, 0: it is not; a negative errno.  Of the event nothing is read but numbers. */
must_use int search_match_event(struct search_match *match, const struct search_event *event);

/* Whether the name of a machine fits the filter's `agent`. */
bool search_match_agent(struct slice pattern, struct slice id, struct slice host);

/* Whether `part` occurs in `text`, ASCII letters in either case. */
bool search_match_part(struct slice text, struct slice part);

#endif
