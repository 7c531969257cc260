/* SPDX-License-Identifier: MIT */
/* `chaperone-server log`: who did what to the server. */
#include "tools/command/json.h"
#include "tools/server/commands/commands.h"
#include "tools/server/commands/listing.h"
#include "tools/server/common/moment.h"

#define COUNT_MAX 100000

static int read_count(const char *text, void *ret_value)
{
	return option_number(text, 1, COUNT_MAX, ret_value);
}

static const struct option_row ROWS[] = {
	LISTING_OPTION_DATA,
	{ .name = "last",
	  .argument = "COUNT",
	  .offset = OPTION_PLACE(listing_options, last, uint64_t),
	  .help = "as many as that (1000)",
	  .read = read_count,
	  .expected = "a number from 1 to 100000" },
	LISTING_OPTION_JSON,
};

/* The columns of the list, in the order of the query. */
enum column { NUMBER, TIME, KIND, ACTOR, ACTION, SUBJECT, DETAIL };

static int add_object(void *context, const struct store_value *columns, size_t count)
{
	struct buf *out = context;

	(void)count;
	json_open(out, NULL, '{');
	json_number(out, "number", (uint64_t)columns[NUMBER].number);
	moment_json_stored(out, "time", &columns[TIME]);
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

static int add_entries(struct listing *listing)
{
	return store_run(listing->store,
			 "SELECT number, time, kind, actor, action, subject, detail FROM audit"
			 " ORDER BY number DESC LIMIT $1",
			 STORE_VALUES(store_number((int64_t)listing->options.last)),
			 listing->options.is_json ? add_object : add_line, listing->out);
}

static const struct listing_command LOG = {
	.options = { OPTION_ROWS(ROWS),
		     .about = "Lists who did what to the server, the latest first.",
		     .exits = LISTING_EXITS },
	.add = add_entries,
};

int command_log(int argc, char **argv)
{
	return listing_run(&LOG, argc, argv);
}
