/* SPDX-License-Identifier: MIT */
/* `chaperone audit tail`: the last events, and with -f those that come. */
#include <stdio.h>
#include <string.h>

#include "tools/chaperone/audit.h"
#include "tools/chaperone/audit_json.h"
#include "tools/chaperone/audit_print.h"
#include "tools/chaperone/audit_select.h"

#define POLL_US   200000
#define LAST_SIZE 10u

static const struct option_row ROWS[] = {
	AUDIT_RECORD,
	{ .name = "follow",
	  .letter = 'f',
	  .offset = OPTION_PLACE(audit_options, is_following, bool),
	  .help = "go on with what is added; a statement appears when it has ended" },
	AUDIT_LIMIT("the last N (10)"),
	AUDIT_FILTERS,
	AUDIT_JSON("one JSON object per line, times in UTC"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.about = "Prints the last events of the record.",
	.exits = "0 printed, 2 could not run",
};

struct tail {
	const struct audit_options *options;
	struct audit_newest newest;
	struct buf line;
	size_t columns;
};

static int print_event(struct tail *tail, const struct audit_event *event)
{
	if (tail->options->is_json) {
		audit_add_json_event(&tail->line, event);
		buf_add_char(&tail->line, '\n');
	} else {
		audit_add_table_row(&tail->line, event, tail->columns);
	}
	return audit_print(&tail->line);
}

static int keep(void *context, const struct audit_event *event)
{
	struct tail *tail = context;

	return audit_is_selected(tail->options, event) ? audit_newest_add(&tail->newest, event) : 0;
}

static int print_now(void *context, const struct audit_event *event)
{
	struct tail *tail = context;

	return audit_is_selected(tail->options, event) ? print_event(tail, event) : 0;
}

static int print_last(struct tail *tail)
{
	int r = 0;

	audit_newest_sort(&tail->newest);
	for (size_t i = 0; i < tail->newest.count && r == 0; i++)
		r = print_event(tail, &tail->newest.at[i]);
	return r;
}

static int follow(struct tail *tail, struct audit_events *events)
{
	int r = 0;

	while (r == 0) {
		if (fflush(stdout) != 0)
			return 0;
		usleep(POLL_US);
		r = audit_events_poll(events, print_now, audit_print_complaint, tail);
	}
	return r;
}

static int run(struct tail *tail, struct error *error)
{
	SCOPED(audit_events_closep) struct audit_events *events = NULL;
	const struct audit_options *options = tail->options;
	int r = audit_events_open(options->record, &events, error);

	if (r < 0)
		return r;
	r = audit_events_poll(events, keep, audit_print_complaint, tail);
	if (r == 0 && !options->is_following)
		r = audit_events_end(events, keep, tail);
	if (r == 0)
		r = print_last(tail);
	if (r == 0 && options->is_following)
		r = follow(tail, events);
	return r < 0 ? error_system(error, r, options->record) : 0;
}

static void done(struct tail *tail)
{
	audit_newest_done(&tail->newest);
	buf_done(&tail->line);
}

int command_audit_tail(int argc, char **argv)
{
	struct audit_options options;
	struct error error = { .line = 0 };
	int status;

	if (!audit_options_read(&OPTIONS, argc, argv, &options, &status))
		return status;
	SCOPED(done)
	struct tail tail = {
		.options = &options,
		.newest = { .limit = options.limit ? options.limit : LAST_SIZE },
		.line = BUF_MAX(AUDIT_LINE_MAX),
		.columns = audit_columns(),
	};
	return run(&tail, &error) < 0 ? command_fail(argv[0], &error) : EXIT_GOOD;
}
