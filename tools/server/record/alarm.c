/* SPDX-License-Identifier: MIT */
#include "tools/server/record/alarm.h"

#include "common/clock.h"

int alarm_raise(struct store *store, const struct alarm *alarm)
{
	char part[PART_NAME_SIZE];

	part_name_write(&alarm->name, part);
	return store_do(
		store,
		"INSERT INTO record_alarm (agent, kind, part, place, detail, first, last, times)"
		" VALUES ($1, $2, $3, $4, $5, $6, $6, 1)"
		" ON CONFLICT (agent, kind) DO UPDATE SET last = excluded.last,"
		" times = record_alarm.times + 1",
		STORE_VALUES(store_text(slice_of(alarm->agent)), store_text(slice_of(alarm->kind)),
			     store_text(slice_of(part)), store_number((int64_t)alarm->place),
			     store_text(slice_of(alarm->detail)),
			     store_number((int64_t)realtime_ns())));
}

static int show(void *context, const struct store_value *columns, size_t count)
{
	(void)count;
	report_say(context, REPORT_PROBLEM, "record",
		   "%.*s of agent %.*s: part %.*s, offset %lld: %.*s (%lld times)",
		   SLICE_ARGUMENTS(columns[1].bytes), SLICE_ARGUMENTS(columns[0].bytes),
		   SLICE_ARGUMENTS(columns[2].bytes), (long long)columns[3].number,
		   SLICE_ARGUMENTS(columns[4].bytes), (long long)columns[5].number);
	return 0;
}

int alarm_show(struct store *store, struct report *report)
{
	return store_run(store,
			 "SELECT agent, kind, part, place, detail, times"
			 " FROM record_alarm_open ORDER BY agent, kind",
			 STORE_NO_VALUES, show, report);
}
