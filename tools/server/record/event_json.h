/* SPDX-License-Identifier: MIT */
/* Events and notes as the API shows them; members are named as those of `chaperone audit list --json`. */
#ifndef TOOLS_SERVER_RECORD_EVENT_JSON_H
#define TOOLS_SERVER_RECORD_EVENT_JSON_H

#include "common/buf.h"
#include "tools/server/record/search.h"
#include "tools/server/record/search_note.h"

#define EVENT_JSON_TEXT_MAX (4 * KIB) /* bytes of a text in a list */

/* Adds the members of an event; texts have EVENT_JSON_TEXT_MAX bytes at most unless `is_whole`, and
 * is_cut says where one was longer. */
void event_json_add(struct buf *out, const struct search_event *event, bool is_whole);

/* Adds those of a note. */
void event_json_add_note(struct buf *out, const struct search_note *note);

#endif
