/* SPDX-License-Identifier: MIT */
/* `chaperone audit export`: the whole record, or a part of it, for other programs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/chaperone/audit.h"
#include "tools/chaperone/audit_csv.h"
#include "tools/chaperone/audit_print.h"
#include "tools/chaperone/audit_source.h"
#include "tools/chaperone/audit_select.h"
#include "tools/audit/ocsf.h"

static void add_ocsf_line(struct buf *out, const struct audit_event *event)
{
	if (event->kind == AUDIT_NOTE)
		return;
	ocsf_add_event(out, event, NULL);
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
	SCOPED(audit_source_close) struct audit_source source = AUDIT_SOURCE_NONE;
	int r = audit_source_open(exporting->options, &source, error);

	if (r < 0)
		return r;
	exporting->format->add_head(&exporting->line);
	r = audit_print(&exporting->line);
	if (r == 0)
		r = audit_source_read(&source, exporting->options, export_event, note_complaint,
				      exporting, error);
	if (r == 0 && fflush(stdout) != 0)
		r = -errno;
	return r < 0 && !error->text[0] ? error_system(error, r, "standard output") : r;
}

static int read_format(const char *text, void *ret_format)
{
	for (size_t i = 0; i < COUNT_OF(FORMATS); i++) {
		if (strcmp(text, FORMATS[i].name) == 0) {
			*(size_t *)ret_format = i;
			return 0;
		}
	}
	return -EINVAL;
}

static const struct option_row ROWS[] = {
	AUDIT_READ(
		format, "format", "NAME", read_format, "ocsf or csv",
		"ocsf: JSON lines, OCSF 1.8 Datastore Activity (the default; notes are left out)\n"
		"csv: a table for spreadsheets, in which nothing is a formula"),
	AUDIT_RECORD,
	AUDIT_FILTERS,
	AUDIT_SPAN,
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.operands = "[EXPORT]",
	.operands_max = 1,
	.about = "Writes events in the order in which they ended, those without an outcome last.",
	.exits = "0 all written, 1 parts of the record do not verify, 2 could not run",
};

int command_audit_export(int argc, char **argv)
{
	struct audit_options options;
	struct error error = { .line = 0 };
	int status;

	if (!audit_options_read(&OPTIONS, argc, argv, &options, &status))
		return status;
	struct exporting exporting = { .options = &options,
				       .format = &FORMATS[options.format],
				       .line = BUF_MAX(AUDIT_LINE_MAX) };
	int r = run(&exporting, &error);
	buf_done(&exporting.line);
	if (r < 0)
		return command_fail(argv[0], &error);
	return exporting.has_complaints ? EXIT_FINDINGS : EXIT_GOOD;
}
