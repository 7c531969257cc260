/* SPDX-License-Identifier: MIT */
/* Events as CSV: one table of columns. */
#include "tools/chaperone/audit_csv.h"

#include <string.h>

#include "tools/audit/json.h"
#include "tools/chaperone/audit_print.h"

/* What begins a formula in spreadsheets (OWASP, "CSV Injection"); they also skip white space in
 * front of it. */
static bool looks_like_formula(struct slice text)
{
	static const char STARTS[] = "=+-@\t\r\n";

	if (text.length && memchr(STARTS, text.at[0], sizeof(STARTS) - 1))
		return true;
	struct slice trimmed = slice_trim(text);
	return trimmed.length && memchr(STARTS, trimmed.at[0], sizeof(STARTS) - 1);
}

void csv_add_field(struct buf *out, struct slice text)
{
	SCOPED(buf_done) struct buf visible = BUF_MAX(AUDIT_LINE_MAX);

	visible_add(&visible, text, 0);
	buf_add_char(out, '"');
	if (looks_like_formula(text))
		buf_add_char(out, '\'');
	for (size_t i = 0; i < visible.length; i++) {
		if (visible.at[i] == '"')
			buf_add_char(out, '"');
		buf_add_char(out, visible.at[i]);
	}
	buf_add_char(out, '"');
	if (visible.failed)
		out->failed = visible.failed;
}

static void add_id(struct buf *out, const struct audit_event *event)
{
	char id[AUDIT_ID_SIZE];

	audit_event_id(event, id);
	buf_add_text(out, id);
}

static void add_time(struct buf *out, const struct audit_event *event)
{
	audit_add_utc_time(out, event->time_ns);
}

static void add_who(struct buf *out, const struct audit_event *event)
{
	audit_event_who(event, out);
}

#define FACT_COLUMNS(ROW)                                                                          \
	ROW(database, "database")                                                                  \
	ROW(server, "server")                                                                      \
	ROW(db_user, "db_user")                                                                    \
	ROW(exe, "exe")                                                                            \
	ROW(run, "run")

#define FACT_COLUMN(function, fact)                                                                \
	static void add_##function(struct buf *out, const struct audit_event *event)               \
	{                                                                                          \
		buf_add_slice(out, audit_event_fact(event, fact));                                 \
	}
FACT_COLUMNS(FACT_COLUMN)

static void add_verdict(struct buf *out, const struct audit_event *event)
{
	buf_add_text(out, audit_event_verdict(event));
}

static void add_list(struct buf *out, const struct slice *texts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		buf_add_text(out, i ? "; " : "");
		buf_add_slice(out, texts[i]);
	}
}

static void add_rules(struct buf *out, const struct audit_event *event)
{
	if (event->judgement)
		add_list(out, event->judgement->rules, event->judgement->rule_count);
}

static void add_effects(struct buf *out, const struct audit_event *event)
{
	if (event->judgement)
		add_list(out, event->judgement->effects, event->judgement->effect_count);
}

static void add_rows(struct buf *out, const struct audit_event *event)
{
	if (event->end == AUDIT_END_KNOWN)
		buf_printf(out, "%llu", (unsigned long long)event->outcome.outcome.rows);
}

static void add_masked(struct buf *out, const struct audit_event *event)
{
	if (event->end == AUDIT_END_KNOWN)
		buf_printf(out, "%u", event->outcome.outcome.masked_cells);
}

static void add_sqlstate(struct buf *out, const struct audit_event *event)
{
	char sqlstate[6];

	audit_event_sqlstate(event, sqlstate);
	buf_add_text(out, sqlstate);
}

static void add_statement(struct buf *out, const struct audit_event *event)
{
	if (event->kind == AUDIT_NOTE)
		buf_add_slice(out, event->note->shape);
	else if (event->judgement)
		buf_add_slice(out, event->judgement->shape);
}

static const struct {
	const char *title;
	void (*add)(struct buf *, const struct audit_event *);
} COLUMNS[] = {
	{ "event", add_id },
	{ "time", add_time },
	{ "who", add_who },
	{ "database", add_database },
	{ "server", add_server },
	{ "db_user", add_db_user },
	{ "exe", add_exe },
	{ "run", add_run },
	{ "verdict", add_verdict },
	{ "rules", add_rules },
	{ "effects", add_effects },
	{ "rows", add_rows },
	{ "masked_cells", add_masked },
	{ "sqlstate", add_sqlstate },
	{ "statement", add_statement },
};

void csv_add_head(struct buf *out)
{
	for (size_t i = 0; i < COUNT_OF(COLUMNS); i++) {
		buf_add_text(out, i ? "," : "");
		csv_add_field(out, slice_of(COLUMNS[i].title));
	}
	buf_add_text(out, "\r\n");
}

void csv_add_event(struct buf *out, const struct audit_event *event)
{
	SCOPED(buf_done) struct buf field = BUF_MAX(AUDIT_LINE_MAX);

	for (size_t i = 0; i < COUNT_OF(COLUMNS); i++) {
		buf_clear(&field);
		COLUMNS[i].add(&field, event);
		buf_add_text(out, i ? "," : "");
		csv_add_field(out, buf_view(&field));
	}
	buf_add_text(out, "\r\n");
}
