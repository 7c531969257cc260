/* SPDX-License-Identifier: MIT */
/* `chaperone-server group add`, `remove`, `list`, `member-add` and `member-remove`. */
#include <errno.h>

#include "control/name.h"
#include "tools/command/json.h"
#include "tools/server/common/moment.h"
#include "tools/server/commands/change.h"
#include "tools/server/commands/commands.h"
#include "tools/server/commands/listing.h"

static const struct option_row ROWS[] = { CHANGE_OPTION_DATA(change_alone) };

static int prepare_name(void *context, struct error *error)
{
	const char *name = change_operand(context, 0);

	if (name_is_plain(slice_of(name)))
		return 0;
	return error_set(error, -EINVAL, "'%.64s' is no group: small letters, digits, . - and _",
			 name);
}

static int add(struct store *store, void *context)
{
	struct deed deed = change_deed(context, NULL);

	return deed_group_add(store, &deed);
}

static const struct change_case CASES[] = {
	{ -ENOENT, "there is no such group: chaperone-server group list shows them" },
	{ -EEXIST, "there is one already" },
	{ .text = NULL },
};

static const struct change_command ADD = {
	.options = { OPTION_ROWS(ROWS), .operands = "GROUP", .operands_min = 1, .operands_max = 1,
		     .about = "Adds a group, which has no members yet.", .exits = CHANGE_EXITS },
	.cases = CASES,
	.prepare = prepare_name,
	.work = add,
};

int command_group_add(int argc, char **argv)
{
	return change_run_alone(&ADD, argc, argv);
}

static int take_away(struct store *store, void *context)
{
	struct deed deed = change_deed(context, NULL);

	return deed_group_remove(store, &deed);
}

static const struct change_command REMOVE = {
	.options = { OPTION_ROWS(ROWS), .operands = "GROUP", .operands_min = 1, .operands_max = 1,
		     .about = "Takes a group away.  The accounts in it stay.",
		     .exits = CHANGE_EXITS },
	.cases = CASES,
	.work = take_away,
};

int command_group_remove(int argc, char **argv)
{
	return change_run_alone(&REMOVE, argc, argv);
}

static int add_member(struct store *store, void *context)
{
	struct deed deed = change_deed(context, change_operand(context, 1));

	return deed_member_add(store, &deed);
}

static const struct change_case MEMBER_CASES[] = {
	{ -ENOENT, "there is no such group: chaperone-server group list shows them" },
	{ -ESRCH, "there is no such account to add: chaperone-server user list shows them" },
	{ -EEXIST, "the account is a member already" },
	{ .text = NULL },
};

static const struct change_command MEMBER_ADD = {
	.options = { OPTION_ROWS(ROWS), .operands = "GROUP ACCOUNT", .operands_min = 2,
		     .operands_max = 2, .about = "Makes an account a member of a group.",
		     .exits = CHANGE_EXITS },
	.cases = MEMBER_CASES,
	.work = add_member,
};

int command_group_member_add(int argc, char **argv)
{
	return change_run_alone(&MEMBER_ADD, argc, argv);
}

static int remove_member(struct store *store, void *context)
{
	struct deed deed = change_deed(context, change_operand(context, 1));

	return deed_member_remove(store, &deed);
}

static const struct change_case NO_MEMBER_CASES[] = {
	{ -ENOENT, "the account is no member: chaperone-server group list shows who is" },
	{ .text = NULL },
};

static const struct change_command MEMBER_REMOVE = {
	.options = { OPTION_ROWS(ROWS), .operands = "GROUP ACCOUNT", .operands_min = 2,
		     .operands_max = 2, .about = "Takes an account out of a group.",
		     .exits = CHANGE_EXITS },
	.cases = NO_MEMBER_CASES,
	.work = remove_member,
};

int command_group_member_remove(int argc, char **argv)
{
	return change_run_alone(&MEMBER_REMOVE, argc, argv);
}

static int add_members(struct listing *listing, struct slice name)
{
	return store_run(listing->store,
			 "SELECT account FROM account_group_member WHERE account_group = $1"
			 " ORDER BY account",
			 STORE_VALUES(store_text(name)), listing_add_word, listing);
}

enum column { NAME, CREATED };

static int add_group(void *context, const struct store_value *columns, size_t count)
{
	struct listing *listing = context;
	struct buf *out = listing->out;

	(void)count;
	if (!listing->options.is_json) {
		buf_printf(out, "%.*s:", SLICE_ARGUMENTS(columns[NAME].bytes));
		int r = add_members(listing, columns[NAME].bytes);
		buf_add_char(out, '\n');
		return r < 0 ? r : out->failed;
	}
	json_open(out, NULL, '{');
	json_text(out, "group", columns[NAME].bytes);
	moment_json_stored(out, "created", &columns[CREATED]);
	json_open(out, "members", '[');
	int r = add_members(listing, columns[NAME].bytes);
	json_close(out, ']');
	json_close(out, '}');
	return r < 0 ? r : out->failed;
}

static int add_groups(struct listing *listing)
{
	return store_run(listing->store, "SELECT name, created FROM account_group ORDER BY name",
			 STORE_NO_VALUES, add_group, listing);
}

static const struct option_row LIST_ROWS[] = { LISTING_OPTION_DATA, LISTING_OPTION_JSON };

static const struct listing_command LIST = {
	.options = { OPTION_ROWS(LIST_ROWS), .about = "Lists groups and their members.",
		     .exits = LISTING_EXITS },
	.add = add_groups,
};

int command_group_list(int argc, char **argv)
{
	return listing_run(&LIST, argc, argv);
}
