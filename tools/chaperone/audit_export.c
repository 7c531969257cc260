/* SPDX-License-Identifier: MIT */
/* `chaperone audit export`: the whole record, or a part of it, for other programs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/chaperone/audit.h"
#include "tools/chaperone/audit_csv.h"
#include "tools/chaperone/audit_print.h"
#include "tools/chaperone/audit_select.h"
#include "tools/chaperone/ocsf.h"

static const struct audit_usage USAGE = {
	.text = "Usage: chaperone audit export [--format ocsf|csv] [options]\n"
		"Writes events in the order in which they ended, those without an outcome last.\n"
		"\n"
		"  --format ocsf      JSON lines, OCSF 1.8 Datastore Activity (default; notes are left out)\n"
		"  --format csv       a table for spreadsheets, in which nothing is a formula\n"
		"  --record PATH      the record's folder\n"
		"  --person, --table, --verdict, --rule, --run, --since, --until    as for `audit list`\n"
		"\n"
		"Exit status: 0 all written, 1 parts of the record do not verify, 2 could not run.\n",
	.options = "rFsuptvlR",
};

static void add_ocsf_line(struct buf *out, const struct audit_event *event)
{
	if (event->kind == AUDIT_NOTE)
		return;
	ocsf_add_event(out, event);
	buf_add_char(out, '\n');
}

static void add_nothing(struct buf *out)
{
	(void)out;
}

struct format {
	const char *name;
	void (*add_head)(struct buf *);
	void (*add_event)(struct buf *, const struct audit_event *);
};
static const struct format FORMATS[] = {
	{ "ocsf", add_nothing, add_ocsf_line },
	{ "csv", csv_add_head, csv_add_event },
};

struct exporting {
	const struct audit_options *options;
	const struct format *format;
	struct buf line;
	bool has_complaints;
};

static int export_event(void *context, const struct audit_event *event)
{
	struct exporting *exporting = context;

	if (!audit_is_selected(exporting->options, event))
		return 0;
	exporting->format->add_event(&exporting->line, event);
	return audit_print(&exporting->line);
}

static void note_complaint(void *context, const struct error *error)
{
	struct exporting *exporting = context;

	exporting->has_complaints = true;
	audit_print_complaint(context, error);
}

static int run(struct exporting *exporting, struct error *error)
{
	SCOPED(audit_events_closep) struct audit_events *events = NULL;
	const char *path = exporting->options->record;
	int r = audit_events_open(path, &events, error);

	if (r < 0)
		return r;
	exporting->format->add_head(&exporting->line);
	r = audit_print(&exporting->line);
	if (r == 0)
		r = audit_events_poll(events, export_event, note_complaint, exporting);
	if (r == 0)
		r = audit_events_end(events, export_event, exporting);
	if (r == 0 && fflush(stdout) != 0)
		r = -errno;
	return r < 0 ? error_system(error, r, path) : 0;
}

static const struct format *find_format(struct slice name)
{
	for (size_t i = 0; i < COUNT_OF(FORMATS); i++) {
		if (name.length == 0 || slice_is(name, FORMATS[i].name))
			return &FORMATS[i];
	}
	return NULL;
}

int command_audit_export(int argc, char **argv)
{
	struct audit_options options;
	struct error error = { .line = 0 };
	int r = audit_options_parse(argc, argv, &USAGE, &options);

	if (r != 0)
		return r > 0 ? AUDIT_EXIT_GOOD : AUDIT_EXIT_FAILED;
	struct exporting exporting = { .options = &options,
				       .format = find_format(options.format),
				       .line = BUF_MAX(AUDIT_LINE_MAX) };
	if (!exporting.format) {
		fputs("chaperone audit export: --format is ocsf or csv\n", stderr);
		return AUDIT_EXIT_FAILED;
	}
	r = run(&exporting, &error);
	buf_done(&exporting.line);
	if (r < 0)
		return audit_fail("export", &error);
	return exporting.has_complaints ? AUDIT_EXIT_FINDINGS : AUDIT_EXIT_GOOD;
}
