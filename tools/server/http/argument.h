/* SPDX-License-Identifier: MIT */
/* What a request's path is followed by, ?NAME=VALUE&…, read by a table.  Nothing is passed over: a name that
 * the table does not have, one that is there twice and a value that is not right are problems. */
#ifndef TOOLS_SERVER_HTTP_ARGUMENT_H
#define TOOLS_SERVER_HTTP_ARGUMENT_H

#include "tools/server/http/route.h"

#define ARGUMENTS_MAX       16u
#define ARGUMENT_LENGTH_MAX 1024u /* bytes of a value */

struct argument {
	const char *name;
	/* Reads `text` into the member; a negative errno where it is not right. */
	int (*read)(struct slice text, void *ret_member);
	size_t offset; /* of the member, in what is filled */
	const char *expected;
};

struct argument_table {
	const struct argument *rows;
	size_t count;
};

/* Where texts are kept that were read; lives as long as what is filled. */
struct argument_room {
	size_t count;
	char texts[ARGUMENTS_MAX][ARGUMENT_LENGTH_MAX + 1];
};

/* Fills `ret_values`.  -EINVAL: not all is right, and the reply is the problem 400, whose `parameter` says
 * which one. */
must_use int arguments_read(const struct request *request, const struct argument_table *table,
			    void *ret_values, struct argument_room *room, struct reply *reply);

/* Readers of members: a struct slice, a uint64_t of nanoseconds since 1970. */
int argument_text(struct slice text, void *ret_slice);
int argument_time(struct slice text, void *ret_ns);

#define ARGUMENT_TIME_EXPECTED "a time such as 2026-11-23T08:00:00Z, or an age such as 2h"

#endif
