/* SPDX-License-Identifier: MIT */
/* GET /v1/statistics: how many statements there were over time. */
#include <errno.h>
#include <microhttpd.h>

#include "common/clock.h"
#include "tools/command/json.h"
#include "tools/server/http/argument.h"
#include "tools/server/api/events.h"
#include "tools/server/common/moment.h"
#include "tools/server/record/search_count.h"

#define SPAN_DEFAULT_NS (86400 * SECOND_NS)

static int read_by(struct slice text, void *ret_by)
{
	static const char *const WORDS[] = {
		[COUNT_BY_NOTHING] = "nothing", [COUNT_BY_PERSON] = "person",
		[COUNT_BY_AGENT] = "agent",     [COUNT_BY_RULE] = "rule",
		[COUNT_BY_VERDICT] = "verdict",
	};

	for (size_t i = 0; i < COUNT_OF(WORDS); i++) {
		if (slice_is(text, WORDS[i])) {
			*(enum count_by *)ret_by = (enum count_by)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int read_step(struct slice text, void *ret_step)
{
	static const struct {
		const char *word;
		uint64_t seconds;
	} STEPS[] = { { "minute", 60 }, { "hour", 3600 }, { "day", 86400 } };

	for (size_t i = 0; i < COUNT_OF(STEPS); i++) {
		if (slice_is(text, STEPS[i].word)) {
			*(uint64_t *)ret_step = STEPS[i].seconds;
			return 0;
		}
	}
	return -EINVAL;
}

#define ROW(member, called, reader, right)                                                         \
	{                                                                                          \
		called, reader, offsetof(struct search_count, member), right                       \
	}
static const struct argument ROWS[] = {
	ROW(from_ns, "from", argument_time, ARGUMENT_TIME_EXPECTED),
	ROW(until_ns, "until", argument_time, ARGUMENT_TIME_EXPECTED),
	ROW(step_s, "step", read_step, "minute, hour or day"),
	ROW(by, "by", read_by, "nothing, person, agent, rule or verdict"),
	ROW(agent, "agent", argument_text, "a machine's id"),
};
#undef ROW

static void add_series(struct buf *out, const struct count_result *result,
		       const struct count_series *series)
{
	static const char *const NAMES[] = {
#define COUNT_NAME(upper, name) [COUNT_##upper] = #name,
		COUNT_KINDS(COUNT_NAME)
#undef COUNT_NAME
	};

	for (size_t kind = 0; kind < COUNT_KIND_COUNT; kind++) {
		json_open(out, NAMES[kind], '[');
		for (size_t i = 0; i < result->points; i++)
			json_number(out, NULL, (uint64_t)series->points[kind][i]);
		json_close(out, ']');
	}
	json_number(out, "total", (uint64_t)series->total);
}

static void show(const struct count_result *result, struct reply *reply)
{
	struct buf *out = reply_object(reply, MHD_HTTP_OK);

	moment_json(out, "start", result->start_ns);
	json_number(out, "step_s", result->step_s);
	json_number(out, "points", result->points);
	json_open(out, "series", '[');
	for (size_t i = 0; i < result->count; i++) {
		json_open(out, NULL, '{');
		json_text(out, "name", slice_of(result->series[i].name));
		add_series(out, result, &result->series[i]);
		json_close(out, '}');
	}
	json_close(out, ']');
	if (result->has_others) {
		json_open(out, "others", '{');
		add_series(out, result, &result->others);
		json_close(out, '}');
	}
	reply_object_end(reply);
}

int events_statistics(const struct request *request, struct reply *reply)
{
	static const struct argument_table TABLE = { ROWS, COUNT_OF(ROWS) };
	SCOPED(free_p) struct count_result *result = NULL;
	struct search_count asked = { .until_ns = realtime_ns() };
	struct argument_room room;

	if (arguments_read(request, &TABLE, &asked, &room, reply) < 0)
		return 0;
	if (asked.from_ns == 0 && asked.until_ns > SPAN_DEFAULT_NS)
		asked.from_ns = asked.until_ns - SPAN_DEFAULT_NS;
	int r = search_counts(request->store, &asked, &result);
	if (r == -EDOM) {
		reply_problem(reply, MHD_HTTP_BAD_REQUEST,
			      "from lies before until, and there are 1000 points at most");
		return 0;
	}
	if (r == 0)
		show(result, reply);
	return r;
}
