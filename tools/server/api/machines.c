/* SPDX-License-Identifier: MIT */
#include "tools/server/api/machines.h"

#include <errno.h>
#include <microhttpd.h>

#include "common/clock.h"
#include "tools/command/json.h"
#include "tools/server/api/agent_json.h"
#include "tools/server/http/argument.h"
#include "tools/server/common/moment.h"

#define LIMIT_DEFAULT 100u

struct asked {
	struct slice cursor;
	uint64_t limit;
};

static int read_limit(struct slice text, void *ret_limit)
{
	uint64_t *limit = ret_limit;
	int r = slice_to_u64(text, limit);

	return r < 0 || *limit < 1 || *limit > MACHINES_LIMIT_MAX ? -EINVAL : 0;
}

static const struct argument ROWS[] = {
	{ "cursor", argument_text, offsetof(struct asked, cursor), "what an answer had as next" },
	{ "limit", read_limit, offsetof(struct asked, limit), "1 to 200" },
};

/* A list in the making; the query asks for one more than is shown. */
struct listing {
	struct buf *out;
	uint64_t count, limit;
	char last[ARGUMENT_LENGTH_MAX]; /* cursor of what was shown last */
};

/* `sql` finds what stands behind a cursor, whose two parts have a dot between them. */
struct kind_of_list {
	const char *name, *sql;
	store_row_fn row;
};

static int answer_list(const struct request *request, struct reply *reply,
		       const struct kind_of_list *kind)
{
	static const struct argument_table TABLE = { ROWS, COUNT_OF(ROWS) };
	struct asked asked = { .limit = LIMIT_DEFAULT };
	struct argument_room room;

	if (arguments_read(request, &TABLE, &asked, &room, reply) < 0)
		return 0;
	struct slice second = asked.cursor, first = slice_cut(&second, '.');
	struct listing listing = { .out = reply_object(reply, MHD_HTTP_OK), .limit = asked.limit };
	json_open(listing.out, kind->name, '[');
	int r = store_run(request->store, kind->sql,
			  STORE_VALUES(store_text(first), store_text(second),
				       store_number((int64_t)asked.limit + 1)),
			  kind->row, &listing);
	json_close(listing.out, ']');
	if (listing.count > listing.limit)
		json_text(listing.out, "next", slice_of(listing.last));
	reply_object_end(reply);
	return r;
}

/* False: there is one more than is shown. */
static bool is_shown(struct listing *listing, struct slice first, struct slice second)
{
	struct buf last = BUF_OVER(listing->last);

	if (++listing->count > listing->limit)
		return false;
	buf_add_slice(&last, first);
	buf_add_char(&last, '.');
	buf_add_slice(&last, second);
	return true;
}

/* ---- machines ---- */

static int list_agent(void *context, const struct store_value *columns, size_t count)
{
	struct listing *listing = context;

	(void)count;
	if (is_shown(listing, columns[0].bytes, (struct slice){ NULL, 0 }))
		agent_json_add(listing->out, columns);
	return listing->out->failed;
}

int machines_list(const struct request *request, struct reply *reply)
{
	static const struct kind_of_list AGENTS = {
		"agents",
		"SELECT " AGENT_JSON_COLUMNS " FROM agent WHERE id > $1 AND $2 = ''"
		" ORDER BY id LIMIT $3",
		list_agent,
	};

	return answer_list(request, reply, &AGENTS);
}

/* ---- alarms ---- */

enum column { AGENT, KIND, PART, PLACE, DETAIL, FIRST, LAST, TIMES, ACCOUNT, MADE, SEEN_TIMES };

static void add_alarm(struct buf *out, const struct store_value *columns)
{
	bool is_seen = columns[ACCOUNT].kind != STORE_NULL;

	json_text(out, "agent", columns[AGENT].bytes);
	json_text(out, "kind", columns[KIND].bytes);
	json_text(out, "part", columns[PART].bytes);
	json_number(out, "offset", (uint64_t)columns[PLACE].number);
	json_text(out, "detail", columns[DETAIL].bytes);
	moment_json(out, "first", columns[FIRST].number);
	moment_json(out, "last", columns[LAST].number);
	json_number(out, "times", (uint64_t)columns[TIMES].number);
	json_bool(out, "is_acknowledged",
		  is_seen && columns[SEEN_TIMES].number >= columns[TIMES].number);
	if (!is_seen)
		return;
	json_text(out, "acknowledged_by", columns[ACCOUNT].bytes);
	moment_json(out, "acknowledged", columns[MADE].number);
	json_number(out, "acknowledged_times", (uint64_t)columns[SEEN_TIMES].number);
}

static int list_alarm(void *context, const struct store_value *columns, size_t count)
{
	struct listing *listing = context;

	(void)count;
	if (!is_shown(listing, columns[AGENT].bytes, columns[KIND].bytes))
		return 0;
	json_open(listing->out, NULL, '{');
	add_alarm(listing->out, columns);
	json_close(listing->out, '}');
	return listing->out->failed;
}

int machines_alarms(const struct request *request, struct reply *reply)
{
	static const struct kind_of_list ALARMS = {
		"alarms",
		"SELECT alarm.agent, alarm.kind, alarm.part, alarm.place, alarm.detail,"
		" alarm.first, alarm.last, alarm.times, seen.account, seen.made, seen.times"
		" FROM record_alarm AS alarm LEFT JOIN record_acknowledgement AS seen"
		" ON seen.agent = alarm.agent AND seen.kind = alarm.kind AND seen.times ="
		" (SELECT max(times) FROM record_acknowledgement AS newest"
		" WHERE newest.agent = alarm.agent AND newest.kind = alarm.kind)"
		" WHERE alarm.agent > $1 OR (alarm.agent = $1 AND alarm.kind > $2)"
		" ORDER BY alarm.agent, alarm.kind LIMIT $3",
		list_alarm,
	};

	return answer_list(request, reply, &ALARMS);
}

static int acknowledge(const struct request *request, uint64_t times)
{
	return store_run(request->store,
			 "INSERT INTO record_acknowledgement (agent, kind, times, account, made)"
			 " SELECT agent, kind, $1, $2, $3 FROM record_alarm"
			 " WHERE agent = $4 AND kind = $5 AND times >= $1",
			 STORE_VALUES(store_number((int64_t)times),
				      store_text(slice_of(request->person.account)),
				      store_number((int64_t)realtime_ns()),
				      store_text(request->parts[0]), store_text(request->parts[1])),
			 NULL, NULL);
}

/* Who was first stays. */
int machines_acknowledge(const struct request *request, struct reply *reply)
{
	uint64_t times;
	bool is_number =
		slice_to_u64(request->parts[2], &times) == 0 && times > 0 && times <= INT64_MAX;
	int r = is_number ? acknowledge(request, times) : 0;

	if (r < 0 && r != -EEXIST)
		return r;
	if (r == 0)
		reply_problem(reply, MHD_HTTP_NOT_FOUND, "there is no such alarm");
	else
		reply->status = MHD_HTTP_NO_CONTENT;
	return 0;
}
