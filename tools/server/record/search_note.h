/* SPDX-License-Identifier: MIT */
/* Looking for what the record's agents noted: refused calls, restarts, a full disk.  As search.h. */
#ifndef TOOLS_SERVER_RECORD_SEARCH_NOTE_H
#define TOOLS_SERVER_RECORD_SEARCH_NOTE_H

#include "tools/server/record/search.h"

struct search_note {
	int64_t time_ns, leaf, place, source;
	int64_t parent;     /* process or connection, with its boot; the lower half is 0 for none */
	struct slice agent; /* the machine's id */
	struct slice text;
};

typedef int (*search_note_fn)(void *context, const struct search_note *note);

/* Shows a page of the notes that fit the filter's agent and times, and have its `shape` as a part of
 * their text.  -EDOM: the cursor is none, or something is asked for that no note has. */
must_use int search_notes(struct store *store, const struct search *search, search_note_fn row,
			  void *context, char ret_cursor[SEARCH_CURSOR_SIZE]);

/* Its id on its machine, as `chaperone audit list` shows it: "01930c7e-n1c9b55aa". */
void search_note_id(const struct search_note *note, char ret_id[SEARCH_ID_SIZE]);

#endif
