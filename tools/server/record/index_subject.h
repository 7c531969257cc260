/* SPDX-License-Identifier: MIT */
/* The rows of who acts. */
#ifndef TOOLS_SERVER_RECORD_INDEX_SUBJECT_H
#define TOOLS_SERVER_RECORD_INDEX_SUBJECT_H

#include "common/record.h"
#include "tools/server/store/store.h"

/* A subject, and the one that it belongs to. */
struct subject {
	int64_t source;
	const struct record_entry *entry;
	uint64_t number, parent;
	enum record_kind parent_kind;
	uint64_t boot; /* whose number it has where the parent is not known */
};

/* Writes its row, with what is said of the parent where it says nothing itself.  One that is there
 * stays as it is. */
must_use int subject_add(struct store *store, const struct subject *subject);

/* Appends `text` as every database takes it: without zero bytes, and in ASCII where it is no UTF-8. */
void subject_text(struct slice text, struct buf *out);

#endif
