/* SPDX-License-Identifier: MIT */
/* Texts, times and table rows for people. */
#include "tools/chaperone/audit_print.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "common/clock.h"
#include "tools/chaperone/audit.h"

void audit_add_local_time(struct buf *out, uint64_t time_ns)
{
	time_t seconds = (time_t)(time_ns / SECOND_NS);
	struct tm parts = { 0 };
	char text[40];

	localtime_r(&seconds, &parts);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &parts);
	buf_printf(out, "%s.%03u", text, (unsigned)(time_ns % SECOND_NS / MILLISECOND_NS));
}

#define COLUMNS_MIN 100u
#define COLUMNS_MAX 200u

size_t audit_columns(void)
{
	const char *text = getenv("COLUMNS");
	struct winsize size;
	uint64_t columns = COLUMNS_MAX;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		columns = size.ws_col;
	else if (text && slice_to_u64(slice_of(text), &columns) < 0)
		columns = COLUMNS_MAX;
	if (columns < COLUMNS_MIN)
		return COLUMNS_MIN;
	return columns > COLUMNS_MAX ? COLUMNS_MAX : (size_t)columns;
}

/* Month to second; show and --json have the rest. */
static void cell_time(struct buf *out, const struct audit_event *event)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(64);

	audit_add_local_time(&text, event->time_ns);
	buf_add_slice(out, slice_part(buf_view(&text), 5, 14));
}

static void cell_id(struct buf *out, const struct audit_event *event)
{
	char id[AUDIT_ID_SIZE];

	audit_event_id(event, id);
	buf_add_text(out, id);
}

static void cell_who(struct buf *out, const struct audit_event *event)
{
	audit_event_who(event, out);
}

static void cell_database(struct buf *out, const struct audit_event *event)
{
	buf_add_slice(out, audit_event_fact(event, "database"));
}

static void cell_verdict(struct buf *out, const struct audit_event *event)
{
	buf_add_text(out, audit_event_verdict(event));
}

static void cell_rule(struct buf *out, const struct audit_event *event)
{
	if (!event->judgement)
		return;
	struct slice rule = event->judgement->rule_count ? event->judgement->rules[0]
							 : event->judgement->reason;
	/* Without the policy's name, of which a record seldom has many. */
	const char *slash = rule.length ? memchr(rule.at, '/', rule.length) : NULL;
	buf_add_slice(out,
		      slash ? slice_part(rule, (size_t)(slash - rule.at) + 1, rule.length) : rule);
	if (event->judgement->rule_count > 1)
		buf_printf(out, " +%zu", event->judgement->rule_count - 1);
}

static bool has_outcome(const struct audit_event *event)
{
	return event->kind == AUDIT_STATEMENT && event->end == AUDIT_END_KNOWN;
}

static void cell_masked(struct buf *out, const struct audit_event *event)
{
	if (has_outcome(event))
		buf_printf(out, "%u", event->outcome.outcome.masked_cells);
}

static void cell_rows(struct buf *out, const struct audit_event *event)
{
	char sqlstate[6];

	audit_event_sqlstate(event, sqlstate);
	if (event->kind != AUDIT_STATEMENT)
		return;
	if (event->end != AUDIT_END_KNOWN)
		buf_add_text(out, event->end == AUDIT_END_LOST ? "lost" : "open");
	else if (sqlstate[0])
		buf_add_text(out, sqlstate);
	else
		buf_printf(out, "%llu", (unsigned long long)event->outcome.outcome.rows);
}

static void cell_statement(struct buf *out, const struct audit_event *event)
{
	if (event->kind == AUDIT_NOTE)
		buf_add_slice(out, event->note->shape);
	else if (event->judgement)
		buf_add_slice(out, event->judgement->shape);
}

/* `share` of what the line has beyond 100 columns goes to the column; the statement gets what is
 * left. */
static const struct {
	const char *title;
	size_t columns, share_percent;
	void (*add)(struct buf *, const struct audit_event *);
} TABLE[] = {
	{ "TIME", 14, 0, cell_time },
	{ "EVENT", 18, 2, cell_id },
	{ "WHO", 9, 15, cell_who },
	{ "DATABASE", 8, 6, cell_database },
	{ "VERDICT", 10, 3, cell_verdict },
	{ "RULE", 11, 20, cell_rule },
	{ "MASK", 4, 2, cell_masked },
	{ "ROWS", 5, 4, cell_rows },
	{ "STATEMENT", 12, 48, cell_statement },
};

static size_t width_of(size_t column, size_t columns)
{
	return TABLE[column].columns + (columns - COLUMNS_MIN) * TABLE[column].share_percent / 100;
}

static void end_line(struct buf *out)
{
	while (out->length && out->at[out->length - 1] == ' ')
		buf_truncate(out, out->length - 1);
	buf_add_char(out, '\n');
}

void audit_add_table_head(struct buf *out, size_t columns)
{
	for (size_t i = 0; i < COUNT_OF(TABLE); i++) {
		visible_add_cell(out, slice_of(TABLE[i].title), width_of(i, columns));
		buf_add_char(out, ' ');
	}
	end_line(out);
}

void audit_add_table_row(struct buf *out, const struct audit_event *event, size_t columns)
{
	SCOPED(buf_done) struct buf cell = BUF_MAX(AUDIT_LINE_MAX);

	for (size_t i = 0; i < COUNT_OF(TABLE); i++) {
		buf_clear(&cell);
		TABLE[i].add(&cell, event);
		visible_add_cell(out, buf_view(&cell), width_of(i, columns));
		buf_add_char(out, ' ');
	}
	end_line(out);
}

int audit_print(struct buf *out)
{
	int r = out->failed;

	if (r == 0 && out->length && fwrite(out->at, 1, out->length, stdout) != out->length)
		r = -EIO;
	buf_clear(out);
	return r;
}

void audit_print_complaint(void *context, const struct error *error)
{
	SCOPED(buf_done) struct buf line = BUF_MAX(4 * KIB);
	char text[1024];

	(void)context;
	error_format(error, text, sizeof(text));
	buf_add_text(&line, "chaperone: the record does not verify: ");
	visible_add(&line, slice_of(text), 0);
	fprintf(stderr, "%s\n", buf_text(&line));
}
