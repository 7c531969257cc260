/* SPDX-License-Identifier: MIT */
#include "tools/server/http/argument.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

#include "tools/command/json.h"
#include "tools/command/when.h"
#include "tools/server/http/urlencoded.h"

#define DETAIL_MAX 256u

struct reading {
	const struct argument_table *table;
	char *values;
	struct argument_room *room;
	bool is_seen[ARGUMENTS_MAX]; /* by row */
	const char *wrong;           /* a row's name, or that of none */
	const char *expected;
};

/* What is read ends with a zero byte. */
static int read_value(struct reading *reading, const struct argument *row, const char *value)
{
	char *room = reading->room->texts[reading->room->count++];
	struct slice text;
	int r = urlencoded_decode(slice_of(value), room, ARGUMENT_LENGTH_MAX, &text);

	if (r < 0)
		return r;
	room[text.length] = '\0';
	return row->read(text, reading->values + row->offset);
}

/* An empty value is as none. */
static enum MHD_Result take(void *context, enum MHD_ValueKind kind, const char *name,
			    const char *value)
{
	struct reading *reading = context;
	size_t i = 0;

	(void)kind;
	while (i < reading->table->count && strcmp(reading->table->rows[i].name, name) != 0)
		i++;
	if (i == reading->table->count || reading->is_seen[i]) {
		reading->wrong = name;
		reading->expected = i == reading->table->count ? "nothing is called so here"
							       : "it is there once at most";
		return MHD_NO;
	}
	reading->is_seen[i] = true;
	if (!value || !value[0] || read_value(reading, &reading->table->rows[i], value) == 0)
		return MHD_YES;
	reading->wrong = reading->table->rows[i].name;
	reading->expected = reading->table->rows[i].expected;
	return MHD_NO;
}

/* A name that is none may be anything. */
static void say_wrong(struct reply *reply, const struct reading *reading)
{
	char detail[DETAIL_MAX];
	struct slice name = slice_part(slice_of(reading->wrong), 0, 64);
	struct buf *out;

	if (!slice_is_utf8(name))
		name = SLICE("?");
	snprintf(detail, sizeof(detail), "%.*s: %s", SLICE_ARGUMENTS(name), reading->expected);
	out = reply_problem_open(reply, MHD_HTTP_BAD_REQUEST, detail);
	json_text(out, "parameter", name);
	reply_object_end(reply);
}

int arguments_read(const struct request *request, const struct argument_table *table,
		   void *ret_values, struct argument_room *room, struct reply *reply)
{
	struct reading reading = { .table = table, .values = ret_values, .room = room };

	room->count = 0;
	if (table->count > ARGUMENTS_MAX)
		return -E2BIG;
	MHD_get_connection_values((struct MHD_Connection *)(uintptr_t)request->connection,
				  MHD_GET_ARGUMENT_KIND, take, &reading);
	if (!reading.wrong)
		return 0;
	say_wrong(reply, &reading);
	return -EINVAL;
}

int argument_text(struct slice text, void *ret_slice)
{
	*(struct slice *)ret_slice = text;
	return 0;
}

int argument_time(struct slice text, void *ret_ns)
{
	int r = when_read(text.at, ret_ns);

	return r < 0 || *(uint64_t *)ret_ns > INT64_MAX ? -EINVAL : 0;
}
