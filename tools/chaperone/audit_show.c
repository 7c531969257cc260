/* SPDX-License-Identifier: MIT */
/* `chaperone audit show`: everything about one event, how each fact is known, and its place in the
 * chain. */
#include <errno.h>
#include <stdio.h>

#include "tools/audit/json.h"
#include "tools/chaperone/audit.h"
#include "tools/chaperone/audit_json.h"
#include "tools/chaperone/audit_print.h"
#include "tools/chaperone/audit_source.h"
#include "tools/chaperone/audit_show.h"

static const struct option_row ROWS[] = {
	AUDIT_RECORD,
	AUDIT_JSON("one JSON object per event"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.operands = "EVENT [EXPORT]",
	.operands_min = 1,
	.operands_max = 2,
	.about =
		"Shows everything the record knows about one event: an id from `audit list`, or the one in a refusal.",
	.exits = "0 shown, 1 no such event, 2 could not run",
};

struct showing {
	const struct audit_options *options;
	struct buf out;
	size_t shown;
};

static void add_label(struct buf *out, const char *label)
{
	visible_add_cell(out, slice_of(label), 14);
}

static void add_line(struct buf *out, const char *label, struct slice text)
{
	if (text.length == 0)
		return;
	add_label(out, label);
	visible_add(out, text, 0);
	buf_add_char(out, '\n');
}

static void add_texts(struct buf *out, const char *label, const struct slice *texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		add_line(out, i == 0 ? label : "", texts[i]);
}

static void add_facts(struct buf *out, const char *title, const struct record_entry *entry)
{
	if (!entry || entry->fact_count == 0)
		return;
	buf_printf(out, "%s\n", title);
	for (size_t i = 0; i < entry->fact_count; i++) {
		buf_add_text(out, "  ");
		visible_add_cell(out, entry->facts[i].name, 16);
		buf_printf(out, " %-9s ", audit_mark_text(entry->facts[i].mark));
		visible_add(out, entry->facts[i].value, 0);
		buf_add_char(out, '\n');
	}
}

static void add_judgement(struct buf *out, const struct audit_event *event)
{
	const struct record_entry *judgement = event->judgement;

	add_line(out, "verdict", slice_of(audit_event_verdict(event)));
	if (audit_event_is_refused(event))
		add_line(out, "", SLICE("refused: the statement was not sent"));
	if (!judgement)
		return;
	add_line(out, "reason", judgement->reason);
	add_texts(out, "rules", judgement->rules, judgement->rule_count);
	add_texts(out, "effects", judgement->effects, judgement->effect_count);
	add_line(out, "masked", judgement->masked);
	add_line(out, "statement", judgement->shape);
}

static void add_outcome(struct buf *out, const struct audit_event *event)
{
	const struct ring_slot *slot = &event->outcome;
	char sqlstate[6];

	add_label(out, "outcome");
	if (event->end != AUDIT_END_KNOWN) {
		buf_add_text(out, event->end == AUDIT_END_LOST
					  ? "lost: the process or the connection ended first\n"
					  : "none in the record\n");
		return;
	}
	audit_event_sqlstate(event, sqlstate);
	buf_printf(out, "%llu rows, %llu bytes, %u cells masked",
		   (unsigned long long)slot->outcome.rows, (unsigned long long)slot->outcome.bytes,
		   slot->outcome.masked_cells);
	if (event->end_time_ns >= event->time_ns)
		buf_printf(out, ", %.3f ms", (double)(event->end_time_ns - event->time_ns) / 1e6);
	if (sqlstate[0]) {
		buf_add_text(out, ", SQLSTATE ");
		visible_add(out, slice_of(sqlstate), 0);
	}
	if (slot->status == RING_STATUS_CONNECTION)
		buf_add_text(out, ", the connection broke");
	if (slot->status == RING_STATUS_ABORTED)
		buf_add_text(out, ", did not run because its pipeline failed before it");
	buf_add_text(out, " (reported by the process)\n");
}

static void add_head(struct buf *out, const struct audit_event *event)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(AUDIT_LINE_MAX);
	char id[AUDIT_ID_SIZE];

	audit_event_id(event, id);
	add_line(out, "event", slice_of(id));
	audit_add_local_time(&text, event->time_ns);
	buf_add_text(&text, "  (");
	audit_add_utc_time(&text, event->time_ns);
	buf_add_text(&text, ")");
	add_line(out, "time", buf_view(&text));
	buf_clear(&text);
	audit_event_who(event, &text);
	add_line(out, "who", buf_view(&text));
}

static void add_chain(struct buf *out, const struct audit_event *event)
{
	add_label(out, "chain");
	visible_add(out, slice_of(event->file), 0);
	buf_printf(out, ", batch at offset %llu, hash ", (unsigned long long)event->offset);
	buf_add_hex(out, event->head, SHA256_SIZE);
	buf_add_char(out, '\n');
}

void audit_add_full(struct buf *out, const struct audit_event *event)
{
	add_head(out, event);
	if (event->kind == AUDIT_NOTE) {
		add_line(out, "note", event->note->shape);
	} else {
		add_judgement(out, event);
		if (event->kind == AUDIT_STATEMENT)
			add_outcome(out, event);
		else
			add_line(out, "outcome",
				 SLICE("the agent was asked; the process reported no statement"));
	}
	add_facts(out, "connection", event->connection);
	add_facts(out, "process", event->process);
	add_facts(out, "run", event->run);
	add_facts(out, "policy", event->policy);
	add_facts(out, "agent", event->boot);
	add_chain(out, event);
}

static int show(void *context, const struct audit_event *event)
{
	struct showing *showing = context;

	if (!audit_event_is(event, showing->options->operand))
		return 0;
	if (showing->shown++ > 0)
		buf_add_text(&showing->out, showing->options->is_json ? "" : "\n");
	if (showing->options->is_json) {
		audit_add_json_full(&showing->out, event);
		buf_add_char(&showing->out, '\n');
	} else {
		audit_add_full(&showing->out, event);
	}
	return audit_print(&showing->out);
}

static int run(struct showing *showing, struct error *error)
{
	SCOPED(audit_source_close) struct audit_source source = AUDIT_SOURCE_NONE;
	int r = audit_source_open(showing->options, &source, error);

	return r < 0 ? r
		     : audit_source_read(&source, showing->options, show, audit_print_complaint,
					 showing, error);
}

int command_audit_show(int argc, char **argv)
{
	struct audit_options options;
	struct error error = { .line = 0 };
	int status;

	if (!audit_options_read(&OPTIONS, argc, argv, &options, &status))
		return status;
	struct showing showing = { .options = &options, .out = BUF_MAX(AUDIT_LINE_MAX) };
	int r = run(&showing, &error);
	buf_done(&showing.out);
	if (r < 0)
		return command_fail(argv[0], &error);
	if (showing.shown == 0) {
		fputs("chaperone audit show: no such event in this record\n", stderr);
		return EXIT_FINDINGS;
	}
	return EXIT_GOOD;
}
