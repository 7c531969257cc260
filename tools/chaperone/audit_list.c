/* SPDX-License-Identifier: MIT */
/* `chaperone audit list`: the newest events that match, as a table or as JSON lines. */

#include "tools/chaperone/audit.h"
#include "tools/chaperone/audit_json.h"
#include "tools/chaperone/audit_print.h"
#include "tools/chaperone/audit_source.h"
#include "tools/chaperone/audit_select.h"

static const struct option_row ROWS[] = {
	AUDIT_RECORD,
	AUDIT_FILTERS,
	AUDIT_SPAN,
	AUDIT_LIMIT("at most this many (1000)"),
	AUDIT_JSON("one JSON object per line, times in UTC"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.operands = "[EXPORT]",
	.operands_max = 1,
	.about =
		"Lists the newest events of the record, or of an export of a server's, the newest last.",
	.exits = "0 listed, 2 could not run",
};

struct listing {
	const struct audit_options *options;
	struct audit_newest newest;
};

static int keep(void *context, const struct audit_event *event)
{
	struct listing *listing = context;

	if (!audit_is_selected(listing->options, event))
		return 0;
	return audit_newest_add(&listing->newest, event);
}

static int print_events(const struct audit_options *options, const struct audit_newest *newest)
{
	SCOPED(buf_done) struct buf line = BUF_MAX(AUDIT_LINE_MAX);
	size_t columns = audit_columns();
	int r = 0;

	if (!options->is_json)
		audit_add_table_head(&line, columns);
	for (size_t i = 0; i < newest->count && r == 0; i++) {
		if (options->is_json) {
			audit_add_json_event(&line, &newest->at[i]);
			buf_add_char(&line, '\n');
		} else {
			audit_add_table_row(&line, &newest->at[i], columns);
		}
		r = audit_print(&line);
	}
	return r < 0 ? r : audit_print(&line);
}

static void done(struct listing *listing)
{
	audit_newest_done(&listing->newest);
}

static int list(const struct audit_options *options, struct error *error)
{
	SCOPED(audit_source_close) struct audit_source source = AUDIT_SOURCE_NONE;
	SCOPED(done)
	struct listing listing = { .options = options,
				   .newest = { .limit = options->limit ? options->limit
								       : AUDIT_LIMIT_DEFAULT } };
	int r = audit_source_open(options, &source, error);

	if (r == 0)
		r = audit_source_read(&source, options, keep, audit_print_complaint, &listing,
				      error);
	if (r < 0)
		return r;
	audit_newest_sort(&listing.newest);
	r = print_events(options, &listing.newest);
	return r < 0 ? error_system(error, r, "standard output") : 0;
}

int command_audit_list(int argc, char **argv)
{
	struct audit_options options;
	struct error error = { .line = 0 };
	int status;

	if (!audit_options_read(&OPTIONS, argc, argv, &options, &status))
		return status;
	return list(&options, &error) < 0 ? command_fail(argv[0], &error) : EXIT_GOOD;
}
