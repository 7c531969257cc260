/* SPDX-License-Identifier: MIT */
/* `chaperone-server setting list` and `set`. */
#include <stdio.h>

#include "tools/command/command.h"
#include "tools/command/json.h"
#include "tools/command/terminal.h"
#include "tools/server/people/deed.h"
#include "tools/server/commands/commands.h"
#include "tools/server/store/data.h"
#include "tools/server/commands/listing.h"
#include "tools/server/people/setting.h"

static void add(const struct setting *setting, const char *value, bool is_json, struct buf *out)
{
	if (!is_json) {
		buf_printf(out, "%-17s %-6s %s (%s)\n", setting->name, value, setting->about,
			   setting->usual);
		return;
	}
	json_open(out, NULL, '{');
	json_text(out, "setting", slice_of(setting->name));
	json_text(out, "value", slice_of(value));
	json_text(out, "default", slice_of(setting->usual));
	json_text(out, "about", slice_of(setting->about));
	json_close(out, '}');
}

static int add_settings(struct listing *listing)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < SETTING_COUNT; i++) {
		char value[SETTING_VALUE_SIZE];

		r = setting_text(listing->store, &SETTINGS[i], value);
		add(&SETTINGS[i], value, listing->options.is_json, listing->out);
	}
	return r;
}

static const struct option_row LIST_ROWS[] = { LISTING_OPTION_DATA, LISTING_OPTION_JSON };

static const struct listing_command LIST = {
	.options = { OPTION_ROWS(LIST_ROWS), .about = "Lists the settings and their values.",
		     .exits = LISTING_EXITS },
	.add = add_settings,
};

int command_setting_list(int argc, char **argv)
{
	return listing_run(&LIST, argc, argv);
}

static const struct option_row SET_ROWS[] = {
	LISTING_OPTION_DATA,
};

static const struct option_table SET_OPTIONS = {
	OPTION_ROWS(SET_ROWS),
	.operands = "NAME VALUE",
	.operands_min = 2,
	.operands_max = 2,
	.about = "Changes a setting, from the server's next request on.",
	.exits = "0 changed, 1 it cannot be, 2 asked wrongly",
};

struct setting_change {
	struct deed deed;
	struct error *error;
};

static int change_setting(struct store *store, void *context)
{
	const struct setting_change *change = context;

	return deed_setting(store, &change->deed, change->error);
}

static int fail(const char *command, const struct error *error)
{
	terminal_error(command, error);
	return EXIT_FINDINGS;
}

int command_setting_set(int argc, char **argv)
{
	SCOPED(data_close) struct data data = DATA_NONE;
	struct listing_options options = { .data = NULL };
	struct error error = { .text = "" };
	int status;
	char **operands = options_read(&SET_OPTIONS, argc, argv, &options, &status);

	if (!operands)
		return status;
	if (data_open(options.data, &data, &error) < 0)
		return fail(argv[0], &error);
	struct setting_change change = {
		{ .actor = audit_system(), .subject = operands[0], .object = operands[1] }, &error
	};
	int r = store_transact(data.store, change_setting, &change);
	if (r < 0 && !error.text[0])
		error_set(&error, r, "%s", store_trouble(data.store));
	return r < 0 ? fail(argv[0], &error) : EXIT_GOOD;
}
