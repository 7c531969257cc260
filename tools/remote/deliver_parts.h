/* SPDX-License-Identifier: MIT */
/* How far the server has each file of a record, durably. */
#ifndef TOOLS_REMOTE_DELIVER_PARTS_H
#define TOOLS_REMOTE_DELIVER_PARTS_H

#include "control/part.h"

struct deliver_part {
	char file[RECORD_NAME_SIZE];
	struct part_name name;
	uint64_t size;     /* of the file, when it was looked at */
	uint64_t position; /* the server has all before it */
	/* entries from the position up to `counted`, behind which nothing whole was when the file had
	 * `counted_size` */
	uint64_t counted, entries, counted_size;
	bool is_refused;
	bool is_over; /* what is behind the position is no whole batch yet */
};

struct deliver_parts {
	struct deliver_part *at; /* in the order of the record's files */
	size_t count;
};

/* Looks at the folder again: files that came, grew or went. */
must_use int deliver_parts_list(int folder, struct deliver_parts *parts);

/* Takes positions from where deliver_parts_save left them; a part of which none is left begins anew. */
must_use int deliver_parts_load(int folder, struct deliver_parts *parts);
must_use int deliver_parts_save(int folder, const struct deliver_parts *parts);

void deliver_parts_done(struct deliver_parts *parts);

/* Moves the position, before which there are `entries` more than before the last one; 0 when that is not
 * known. */
void deliver_part_move(struct deliver_part *part, uint64_t position, uint64_t entries);

/* Counts the entries that are not delivered. */
must_use int deliver_part_count(int folder, struct deliver_part *part);

#endif
