/* SPDX-License-Identifier: MIT */
/* `chaperone-server log`: who did what to the server. */
#include <stdio.h>

#include "tools/command/command.h"
#include "tools/command/json.h"
#include "tools/command/options.h"
#include "tools/command/terminal.h"
#include "tools/server/commands.h"
#include "tools/server/data.h"
#include "tools/server/moment.h"

#define LIST_MAX   (64 * MIB)
#define COUNT_MAX  100000
#define COUNT_LAST 1000

struct log_options {
	const char *data;
	uint64_t last;
	bool is_json;
};

static int read_count(const char *text, void *ret_value)
{
	return option_number(text, 1, COUNT_MAX, ret_value);
}

static const struct option_row ROWS[] = {
	OPTION_TEXT(log_options, data, "data", "FOLDER", "the folder that init made"),
	{ .name = "last",
	  .argument = "COUNT",
	  .offset = OPTION_PLACE(log_options, last, uint64_t),
	  .help = "as many as that (1000)",
	  .read = read_count,
	  .expected = "a number from 1 to 100000" },
	OPTION_FLAG(log_options, is_json, "json", "a list of objects"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.about = "Lists who did what to the server, the latest first.",
	.exits = "0 listed, 1 the folder cannot be read, 2 asked wrongly",
};

/* The columns of the list, in the order of the query. */
enum column { NUMBER, TIME, KIND, ACTOR, ACTION, SUBJECT, DETAIL };

static int add_object(void *context, const struct store_value *columns, size_t count)
{
	struct buf *out = context;
	char time[MOMENT_SIZE];

	(void)count;
	moment_text(columns[TIME].number, time);
	json_open(out, NULL, '{');
	json_number(out, "number", (uint64_t)columns[NUMBER].number);
	json_text(out, "time", slice_of(time));
	json_text(out, "kind", columns[KIND].bytes);
	json_text(out, "actor", columns[ACTOR].bytes);
	json_text(out, "action", columns[ACTION].bytes);
	json_text_if(out, "subject", columns[SUBJECT].bytes);
	json_text_if(out, "detail", columns[DETAIL].bytes);
	json_close(out, '}');
	return out->failed;
}

static int add_line(void *context, const struct store_value *columns, size_t count)
{
	struct buf *out = context;
	char time[MOMENT_SIZE];

	(void)count;
	moment_text(columns[TIME].number, time);
	buf_printf(out, "%s  %.*s %.*s  %.*s", time, SLICE_ARGUMENTS(columns[KIND].bytes),
		   SLICE_ARGUMENTS(columns[ACTOR].bytes), SLICE_ARGUMENTS(columns[ACTION].bytes));
	for (int i = SUBJECT; i <= DETAIL; i++) {
		if (columns[i].bytes.length > 0)
			buf_printf(out, "  %.*s", SLICE_ARGUMENTS(columns[i].bytes));
	}
	buf_add_char(out, '\n');
	return out->failed;
}

static int list(const struct data *data, const struct log_options *options, struct buf *out)
{
	if (options->is_json)
		json_open(out, NULL, '[');
	int r = store_run(data->store,
			  "SELECT number, time, kind, actor, action, subject, detail FROM audit"
			  " ORDER BY number DESC LIMIT $1",
			  STORE_VALUES(store_number((int64_t)options->last)),
			  options->is_json ? add_object : add_line, out);
	if (options->is_json) {
		json_close(out, ']');
		json_end(out);
		buf_add_text(out, "\n");
	}
	return r < 0 ? r : out->failed;
}

int command_log(int argc, char **argv)
{
	SCOPED(data_close) struct data data = DATA_NONE;
	SCOPED(buf_done) struct buf out = BUF_MAX(LIST_MAX);
	struct log_options options = { .last = COUNT_LAST };
	struct error error = { .text = "" };
	int status;

	if (!options_read(&OPTIONS, argc, argv, &options, &status))
		return status;
	int r = data_open(options.data, &data, &error);
	if (r == 0) {
		r = list(&data, &options, &out);
		if (r < 0)
			error_set(&error, r, "%s", store_trouble(data.store));
	}
	if (r < 0) {
		terminal_error(argv[0], &error);
		return EXIT_FINDINGS;
	}
	if (options.is_json)
		fputs(buf_text(&out), stdout);
	else
		terminal_print_lines(stdout, buf_view(&out));
	return EXIT_GOOD;
}
