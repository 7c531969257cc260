/* SPDX-License-Identifier: MIT */
/* Parts of events as JSON. */
#include "tools/audit/json.h"

#include <time.h>

#include "common/clock.h"

void audit_add_utc_time(struct buf *out, uint64_t time_ns)
{
	time_t seconds = (time_t)(time_ns / SECOND_NS);
	struct tm parts = { 0 };
	char text[40];

	gmtime_r(&seconds, &parts);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
	buf_printf(out, "%s.%09uZ", text, (unsigned)(time_ns % SECOND_NS));
}

static const char *const MARKS[] = {
	[RECORD_PROVEN] = "proven",
	[RECORD_DECLARED] = "declared",
	[RECORD_OBSERVED] = "observed",
	[RECORD_CLAIMED] = "claimed",
};

const char *audit_mark_text(uint8_t mark)
{
	return mark >= RECORD_PROVEN && mark < COUNT_OF(MARKS) ? MARKS[mark] : "unmarked";
}

void audit_json_texts(struct buf *out, const char *name, const struct slice *texts, size_t count)
{
	json_open(out, name, '[');
	for (size_t i = 0; i < count; i++)
		json_text(out, NULL, texts[i]);
	json_close(out, ']');
}

void audit_json_time(struct buf *out, const char *name, uint64_t time_ns)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(64);

	audit_add_utc_time(&text, time_ns);
	json_text(out, name, buf_view(&text));
}

void audit_json_facts(struct buf *out, const char *name, const struct record_entry *entry)
{
	if (!entry || entry->fact_count == 0)
		return;
	json_open(out, name, '[');
	for (size_t i = 0; i < entry->fact_count; i++) {
		json_open(out, NULL, '{');
		json_text(out, "name", entry->facts[i].name);
		json_text(out, "value", entry->facts[i].value);
		json_text(out, "mark", slice_of(audit_mark_text(entry->facts[i].mark)));
		json_close(out, '}');
	}
	json_close(out, ']');
}
