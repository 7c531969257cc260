/* SPDX-License-Identifier: MIT */
#include "tools/server/common/moment.h"

#include "common/clock.h"
#include "tools/command/json.h"

void moment_text(int64_t ns, char ret_text[MOMENT_SIZE])
{
	time_t seconds = (time_t)(ns / (int64_t)SECOND_NS);
	struct tm utc;

	strftime(ret_text, MOMENT_SIZE, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &utc));
}

void moment_json(struct buf *out, const char *name, int64_t ns)
{
	char text[MOMENT_SIZE];

	moment_text(ns, text);
	json_text(out, name, slice_of(text));
}

void moment_json_stored(struct buf *out, const char *name, const struct store_value *time)
{
	if (time->kind != STORE_NULL)
		moment_json(out, name, time->number);
}
