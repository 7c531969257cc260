/* SPDX-License-Identifier: MIT */
#include "tools/server/commands/listing.h"

#include <stdio.h>

#include "tools/command/command.h"
#include "tools/command/json.h"
#include "tools/command/terminal.h"
#include "tools/server/store/data.h"
#include "tools/server/common/moment.h"

#define LIST_MAX (64 * MIB)

int listing_add_word(void *context, const struct store_value *columns, size_t count)
{
	const struct listing *listing = context;
	struct buf *out = listing->out;

	(void)count;
	if (listing->options.is_json)
		json_text(out, NULL, columns[0].bytes);
	else
		buf_printf(out, " %.*s", SLICE_ARGUMENTS(columns[0].bytes));
	return out->failed;
}

static int make(const struct listing_command *command, struct listing *listing, struct error *error)
{
	SCOPED(data_close) struct data data = DATA_NONE;
	struct buf *out = listing->out;
	int r = data_open(listing->options.data, &data, error);

	if (r < 0)
		return r;
	listing->store = data.store;
	if (listing->options.is_json)
		json_open(out, NULL, '[');
	r = command->add(listing);
	if (listing->options.is_json) {
		json_close(out, ']');
		json_end(out);
		buf_add_char(out, '\n');
	}
	if (out->failed)
		return error_system(error, out->failed, "the list");
	return r < 0 ? error_set(error, r, "%s", store_trouble(data.store)) : 0;
}

int listing_run(const struct listing_command *command, int argc, char **argv)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(LIST_MAX);
	struct listing listing = { .out = &out, .options = { .last = LISTING_LAST } };
	struct error error = { .text = "" };
	int status;

	if (!options_read(&command->options, argc, argv, &listing.options, &status))
		return status;
	if (make(command, &listing, &error) < 0) {
		terminal_error(argv[0], &error);
		return EXIT_FINDINGS;
	}
	if (listing.options.is_json)
		fwrite(buf_text(&out), 1, out.length, stdout);
	else
		terminal_print_lines(stdout, buf_view(&out));
	return EXIT_GOOD;
}
