/* SPDX-License-Identifier: MIT */
/* What a person looks for in the record, as fields of a form and as the part of an address behind its
 * question mark. */
#ifndef TOOLS_SERVER_PAGES_RECORD_QUERY_H
#define TOOLS_SERVER_PAGES_RECORD_QUERY_H

#include "tools/server/pages/view.h"
#include "tools/server/record/search.h"

/* ROW(name of the field, its label, an example of what is written there) */
#define RECORD_FIELDS(ROW)                                                                         \
	ROW(person, "Who", "anna, *-bot")                                                          \
	ROW(agent, "Machine", "db-1.example")                                                      \
	ROW(database, "Database", "shop")                                                          \
	ROW(table, "Table", "orders, public.*")                                                    \
	ROW(shape, "Statement", "select email")                                                    \
	ROW(rule, "Rule", "agents-read")                                                           \
	ROW(verdict, "Verdict", "")                                                                \
	ROW(from, "From", "2h, 7d, 2026-11-23 18:45")                                              \
	ROW(until, "Until", "30m, 2026-11-23")

struct record_field {
	const char *name, *label, *example;
};

/* The fields in their order; the last one has no name. */
extern const struct record_field RECORD_FIELD_LIST[];

/* Reads the filter and the cursor.  -EINVAL: a time is none; `ret_wrong` is the label of its field. */
must_use int record_query_read(const struct view *view, struct search *search,
			       const char **ret_wrong);

/* Appends "?person=anna&amp;…" of the fields that say something, but `without` (NULL: all), and with
 * `cursor` (empty: none). */
void record_query_add(const struct view *view, const char *without, struct slice cursor);

/* Appends the form with what was asked for, and below it a link for each field that takes it away. */
void record_query_add_form(const struct view *view);

#endif
