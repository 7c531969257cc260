/* SPDX-License-Identifier: MIT */
/* `chaperone-server user list`: accounts, their groups and their author keys. */
#include "tools/command/json.h"
#include "tools/server/common/moment.h"
#include "tools/server/commands/commands.h"
#include "tools/server/commands/listing.h"

/* The columns of the queries. */
enum account_column { NAME, ROLE, CREATED, DISABLED };
enum key_column { VERIFIER, KEY_CREATED, REVOKED };

static int add_key(void *context, const struct store_value *columns, size_t count)
{
	const struct listing *listing = context;
	struct buf *out = listing->out;

	(void)count;
	if (!listing->options.is_json) {
		buf_printf(out, "  %-8s %.*s\n",
			   columns[REVOKED].kind == STORE_NULL ? "key" : "revoked",
			   SLICE_ARGUMENTS(columns[VERIFIER].bytes));
		return out->failed;
	}
	json_open(out, NULL, '{');
	json_text(out, "key", columns[VERIFIER].bytes);
	moment_json_stored(out, "created", &columns[KEY_CREATED]);
	moment_json_stored(out, "revoked", &columns[REVOKED]);
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

static int add_groups(struct listing *listing, struct slice account)
{
	return store_run(listing->store,
			 "SELECT account_group FROM account_group_member WHERE account = $1"
			 " ORDER BY account_group",
			 STORE_VALUES(store_text(account)), listing_add_word, listing);
}

static int add_object(struct listing *listing, const struct store_value *columns)
{
	struct buf *out = listing->out;

	json_open(out, NULL, '{');
	json_text(out, "account", columns[NAME].bytes);
	json_text(out, "role", columns[ROLE].bytes);
	moment_json_stored(out, "created", &columns[CREATED]);
	moment_json_stored(out, "disabled", &columns[DISABLED]);
	json_open(out, "keys", '[');
	int r = add_keys(listing, columns[NAME].bytes);
	json_close(out, ']');
	json_open(out, "groups", '[');
	if (r == 0)
		r = add_groups(listing, columns[NAME].bytes);
	json_close(out, ']');
	json_close(out, '}');
	return r < 0 ? r : out->failed;
}

static int add_account(void *context, const struct store_value *columns, size_t count)
{
	struct listing *listing = context;

	(void)count;
	if (listing->options.is_json)
		return add_object(listing, columns);
	buf_printf(listing->out, "%-8s %-13.*s %.*s",
		   columns[DISABLED].kind == STORE_NULL ? "enabled" : "disabled",
		   SLICE_ARGUMENTS(columns[ROLE].bytes), SLICE_ARGUMENTS(columns[NAME].bytes));
	int r = add_groups(listing, columns[NAME].bytes);
	buf_add_char(listing->out, '\n');
	return r < 0 ? r : add_keys(listing, columns[NAME].bytes);
}

static int add_accounts(struct listing *listing)
{
	return store_run(listing->store,
			 "SELECT name, role, created, disabled FROM account ORDER BY name",
			 STORE_NO_VALUES, add_account, listing);
}

static const struct option_row ROWS[] = { LISTING_OPTION_DATA, LISTING_OPTION_JSON };

static const struct listing_command LIST = {
	.options = { OPTION_ROWS(ROWS),
		     .about =
			     "Lists accounts, each with its groups and the public halves of its author keys.",
		     .exits = LISTING_EXITS },
	.add = add_accounts,
};

int command_user_list(int argc, char **argv)
{
	return listing_run(&LIST, argc, argv);
}
