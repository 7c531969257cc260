/* SPDX-License-Identifier: MIT */
/* Lists of the overview: who and what has the most, and what needs somebody to look. */
#ifndef TOOLS_SERVER_PAGES_OVERVIEW_LISTS_H
#define TOOLS_SERVER_PAGES_OVERVIEW_LISTS_H

#include "tools/server/http/agent.h"
#include "tools/server/pages/view.h"
#include "tools/server/record/search_count.h"

#define OVERVIEW_HOSTS_MAX 64u

/* What machines call themselves, of those that have most to tell. */
struct overview_names {
	size_t count;
	struct {
		char id[2 * AGENT_ID_SIZE + 1];
		char host[NAME_HOST_MAX + 1];
	} items[OVERVIEW_HOSTS_MAX];
};

must_use int overview_names_read(struct store *store, struct overview_names *ret_names);

/* What a series is called. */
const char *overview_name(const struct overview_names *names, enum count_by by, const char *name);

/* A list of what has most, each with a link to its statements. */
struct overview_top {
	const char *caption;
	const char *field; /* of the record's search */
	enum count_by by;
};

void overview_add_top(struct buf *out, const struct overview_top *top,
		      const struct overview_names *names, const struct count_result *result);

/* Appends alarms that nobody has seen as they are now, and the machines that are silent; nothing where there
 * are none. */
must_use int overview_add_troubles(struct view *view);

#endif
