/* SPDX-License-Identifier: MIT */
/* `chaperone-server user list`: accounts and their author keys. */
#include <stdio.h>

#include "tools/command/command.h"
#include "tools/command/json.h"
#include "tools/command/options.h"
#include "tools/command/terminal.h"
#include "tools/server/commands.h"
#include "tools/server/data.h"
#include "tools/server/moment.h"

#define LIST_MAX (64 * MIB)

struct list_options {
	const char *data;
	bool is_json;
};

static const struct option_row ROWS[] = {
	OPTION_TEXT(list_options, data, "data", "FOLDER", "the folder that init made"),
	OPTION_FLAG(list_options, is_json, "json", "a list of objects"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.about = "Lists accounts, each with the public halves of its author keys.",
	.exits = "0 listed, 1 the folder cannot be read, 2 asked wrongly",
};

struct listing {
	struct store *store;
	struct buf *out;
	bool is_json;
};

/* The columns of both queries. */
enum account_column { NAME, ROLE, CREATED, DISABLED };
enum key_column { VERIFIER, KEY_CREATED, REVOKED };

static void add_time(struct buf *out, const char *name, const struct store_value *value)
{
	char text[MOMENT_SIZE];

	if (value->kind == STORE_NULL)
		return;
	moment_text(value->number, text);
	json_text(out, name, slice_of(text));
}

static int add_key(void *context, const struct store_value *columns, size_t count)
{
	const struct listing *listing = context;
	struct buf *out = listing->out;

	(void)count;
	if (!listing->is_json) {
		buf_printf(out, "  %-8s %.*s\n",
			   columns[REVOKED].kind == STORE_NULL ? "key" : "revoked",
			   SLICE_ARGUMENTS(columns[VERIFIER].bytes));
		return out->failed;
	}
	json_open(out, NULL, '{');
	json_text(out, "key", columns[VERIFIER].bytes);
	add_time(out, "created", &columns[KEY_CREATED]);
	add_time(out, "revoked", &columns[REVOKED]);
	json_close(out, '}');
	return out->failed;
}

static int add_keys(struct listing *listing, struct slice account)
{
	return store_run(listing->store,
			 "SELECT verifier, created, revoked FROM author_key WHERE account = $1"
			 " ORDER BY created, verifier",
			 STORE_VALUES(store_text(account)), add_key, listing);
}

static int add_object(struct listing *listing, const struct store_value *columns)
{
	struct buf *out = listing->out;

	json_open(out, NULL, '{');
	json_text(out, "account", columns[NAME].bytes);
	json_text(out, "role", columns[ROLE].bytes);
	add_time(out, "created", &columns[CREATED]);
	add_time(out, "disabled", &columns[DISABLED]);
	json_open(out, "keys", '[');
	int r = add_keys(listing, columns[NAME].bytes);
	json_close(out, ']');
	json_close(out, '}');
	return r < 0 ? r : out->failed;
}

static int add_account(void *context, const struct store_value *columns, size_t count)
{
	struct listing *listing = context;

	(void)count;
	if (listing->is_json)
		return add_object(listing, columns);
	buf_printf(listing->out, "%-8s %-13.*s %.*s\n",
		   columns[DISABLED].kind == STORE_NULL ? "enabled" : "disabled",
		   SLICE_ARGUMENTS(columns[ROLE].bytes), SLICE_ARGUMENTS(columns[NAME].bytes));
	return add_keys(listing, columns[NAME].bytes);
}

static int list(const struct data *data, bool is_json, struct buf *out)
{
	struct listing listing = { data->store, out, is_json };

	if (is_json)
		json_open(out, NULL, '[');
	int r = store_run(data->store,
			  "SELECT name, role, created, disabled FROM account ORDER BY name",
			  STORE_NO_VALUES, add_account, &listing);
	if (is_json) {
		json_close(out, ']');
		json_end(out);
		buf_add_text(out, "\n");
	}
	return r < 0 ? r : out->failed;
}

int command_user_list(int argc, char **argv)
{
	SCOPED(data_close) struct data data = DATA_NONE;
	SCOPED(buf_done) struct buf out = BUF_MAX(LIST_MAX);
	struct list_options options = { .data = NULL };
	struct error error = { .text = "" };
	int status;

	if (!options_read(&OPTIONS, argc, argv, &options, &status))
		return status;
	int r = data_open(options.data, &data, &error);
	if (r == 0) {
		r = list(&data, options.is_json, &out);
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
