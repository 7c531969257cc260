/* SPDX-License-Identifier: MIT */
/* The statements of a record, each distinct one judged once again, and what came of it. */
#ifndef TOOLS_CHAPERONE_REPLAY_H
#define TOOLS_CHAPERONE_REPLAY_H

#include "tools/chaperone/audit.h"
#include "tools/audit/map.h"
#include "tools/chaperone/replay_judge.h"

/* A distinct statement, asked by one caller on one database and decided in one way, with one
 * outcome: time windows can give it several. */
struct replay_finding {
	struct replay_outcome outcome;
	uint64_t seen;
	uint64_t last_ns;
	char *who, *database;
	struct slice shape; /* borrowed from the record */
	struct replay_finding *next;
};

struct replay_totals {
	uint64_t statements, distinct; /* all of them */
	uint64_t changed[REPLAY_CHANGE_COUNT];
	uint64_t doubtful[REPLAY_DOUBT_COUNT]; /* [REPLAY_CERTAIN]: judged */
	uint64_t checked;                      /* with the policy of then */
	uint64_t distinct_changed, distinct_doubtful;
};

struct replay {
	struct replay_judge judge;
	struct audit_map groups;         /* struct group of replay.c */
	struct replay_finding *findings; /* the latest first */
	struct buf key;
	struct replay_totals totals;
};

/* Judges the event's statement, unless the same was judged before, and counts it.  Notes and the
 * agent's own queries are none. */
must_use int replay_add(struct replay *replay, const struct audit_event *event);

/* The findings that count as changed, or as in doubt, those that matter most first and then by how
 * often they were seen.  The list is the caller's, what it points to is not. */
must_use int replay_sort(const struct replay *replay, bool is_changed,
			 const struct replay_finding ***ret_list, size_t *ret_count);

void replay_done(struct replay *replay);

/* replay_print.c */
void replay_print_finding(const struct replay_finding *finding, bool is_json, struct buf *out);
void replay_print_totals(const struct replay *replay, bool is_json, struct buf *out);

#endif
