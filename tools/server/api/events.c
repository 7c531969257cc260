/* SPDX-License-Identifier: MIT */
#include "tools/server/api/events.h"

#include <errno.h>
#include <microhttpd.h>

#include "tools/command/json.h"
#include "tools/server/http/argument.h"
#include "tools/server/record/event_json.h"
#include "tools/server/http/prefer.h"
#include "tools/server/http/server.h"

#define LIMIT_DEFAULT 100u
#define CURSOR_DETAIL "cursor, after: what an answer had as next or after"

/* What is asked for. */
struct asked {
	struct search_filter filter;
	struct slice cursor, after;
	uint64_t limit;
};

#define ASKED_ANY                                                                                  \
	{                                                                                          \
		.filter = SEARCH_ANY, .limit = LIMIT_DEFAULT                                       \
	}

static int read_limit(struct slice text, void *ret_limit)
{
	uint64_t *limit = ret_limit;
	int r = slice_to_u64(text, limit);

	return r < 0 || *limit < 1 || *limit > SEARCH_LIMIT_MAX ? -EINVAL : 0;
}

#define TEXT_ROW(member, called)                                                                   \
	{                                                                                          \
		called, argument_text, offsetof(struct asked, member),                             \
			"1024 bytes of UTF-8 at most"                                              \
	}
#define TIME_ROW(member, called)                                                                   \
	{                                                                                          \
		called, argument_time, offsetof(struct asked, member), ARGUMENT_TIME_EXPECTED      \
	}
#define COMMON_ROWS                                                                                \
	TEXT_ROW(filter.agent, "agent"), TIME_ROW(filter.from_ns, "from"),                         \
		TIME_ROW(filter.until_ns, "until"), TEXT_ROW(cursor, "cursor"),                    \
	{                                                                                          \
		"limit", read_limit, offsetof(struct asked, limit), "1 to 200"                     \
	}

static const struct argument EVENT_ROWS[] = {
	TEXT_ROW(filter.person, "person"),
	TEXT_ROW(filter.database, "database"),
	TEXT_ROW(filter.table, "table"),
	TEXT_ROW(filter.shape, "shape"),
	TEXT_ROW(filter.verdict, "verdict"),
	TEXT_ROW(filter.rule, "rule"),
	TEXT_ROW(after, "after"),
	COMMON_ROWS,
};

static const struct argument NOTE_ROWS[] = { TEXT_ROW(filter.shape, "text"), COMMON_ROWS };

static int show_event(void *context, const struct search_event *event)
{
	struct reply *reply = context;

	json_open(&reply->body, NULL, '{');
	event_json_add(&reply->body, event, false);
	json_close(&reply->body, '}');
	return reply->body.failed;
}

/* A cursor of somebody else's making is the asker's mistake. */
static int object_to_cursor(struct reply *reply, const char *parameter)
{
	struct buf *out = reply_problem_open(reply, MHD_HTTP_BAD_REQUEST, CURSOR_DETAIL);

	json_text(out, "parameter", slice_of(parameter));
	reply_object_end(reply);
	return 0;
}

static struct buf *open_list(struct reply *reply, const char *name)
{
	struct buf *out = reply_object(reply, MHD_HTTP_OK);

	json_open(out, name, '[');
	return out;
}

/* ---- pages ---- */

static int list_older(const struct request *request, const struct asked *asked, struct reply *reply)
{
	const struct search search = { asked->filter, asked->cursor, asked->limit };
	char next[SEARCH_CURSOR_SIZE], after[SEARCH_CURSOR_SIZE];
	int64_t size;
	int r = search_now(request->store, after, &size);

	if (r < 0)
		return r;
	struct buf *out = open_list(reply, "events");
	r = search_events(request->store, &search, show_event, reply, next);
	if (r == -EDOM)
		return object_to_cursor(reply, "cursor");
	json_close(out, ']');
	json_text_if(out, "next", slice_of(next));
	json_text(out, "after", slice_of(after));
	reply_object_end(reply);
	return r;
}

/* ---- what comes in ---- */

static bool is_held(const struct request *request, uint64_t wait_s, int64_t size,
		    struct reply *reply)
{
	uint64_t until_ns;

	if (!prefer_until(request, wait_s, &until_ns))
		return false;
	reply->hold = (struct hold){ .until_ns = until_ns, .version = size };
	return true;
}

/* The size is read before the events: what comes in between is seen again, and not missed. */
static int list_newer(const struct request *request, const struct asked *asked, struct reply *reply)
{
	const struct search search = { asked->filter, asked->after, asked->limit };
	uint64_t wait_s = prefer_wait_s(request, EVENTS_WAIT_S);
	char after[SEARCH_CURSOR_SIZE];
	int64_t size;
	int r = search_now(request->store, after, &size);

	if (r < 0)
		return r;
	struct buf *out = open_list(reply, "events");
	size_t empty = out->length;
	r = search_news(request->store, &search, show_event, reply, after);
	if (r == -EDOM)
		return object_to_cursor(reply, "after");
	if (r < 0 || (r == 0 && out->length == empty && is_held(request, wait_s, size, reply)))
		return r;
	json_close(out, ']');
	json_text(out, "after", slice_of(after));
	reply_object_end(reply);
	prefer_applied(reply, wait_s);
	return 0;
}

int events_list(const struct request *request, struct reply *reply)
{
	static const struct argument_table TABLE = { EVENT_ROWS, COUNT_OF(EVENT_ROWS) };
	struct asked asked = ASKED_ANY;
	struct argument_room room;

	if (arguments_read(request, &TABLE, &asked, &room, reply) < 0)
		return 0;
	if (asked.after.length == 0)
		return list_older(request, &asked, reply);
	return asked.cursor.length > 0 ? object_to_cursor(reply, "cursor")
				       : list_newer(request, &asked, reply);
}

static int show_note(void *context, const struct search_note *note)
{
	struct reply *reply = context;

	json_open(&reply->body, NULL, '{');
	event_json_add_note(&reply->body, note);
	json_close(&reply->body, '}');
	return reply->body.failed;
}

int events_notes(const struct request *request, struct reply *reply)
{
	static const struct argument_table TABLE = { NOTE_ROWS, COUNT_OF(NOTE_ROWS) };
	struct asked asked = ASKED_ANY;
	struct argument_room room;
	char next[SEARCH_CURSOR_SIZE];

	if (arguments_read(request, &TABLE, &asked, &room, reply) < 0)
		return 0;
	const struct search search = { asked.filter, asked.cursor, asked.limit };
	struct buf *out = open_list(reply, "notes");
	int r = search_notes(request->store, &search, show_note, reply, next);
	if (r == -EDOM)
		return object_to_cursor(reply, "cursor");
	json_close(out, ']');
	json_text_if(out, "next", slice_of(next));
	reply_object_end(reply);
	return r;
}
