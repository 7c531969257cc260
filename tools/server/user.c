/* SPDX-License-Identifier: MIT */
/* `chaperone-server user add`, `role`, `password`, `disable` and `enable`: who may use the server. */
#include <stdio.h>

#include "tools/command/json.h"
#include "tools/server/account.h"
#include "tools/server/commands.h"
#include "tools/server/user_change.h"

#define TEXT_MAX (16 * KIB)

#define USER_EXITS "0 done, 1 it cannot be done, 2 asked wrongly"

/* What is shown once, of an account that is new or has a new password. */
static void show_password(const struct user_change *change)
{
	SCOPED(secret_done) struct buf out = BUF_MAX(TEXT_MAX);

	if (change->options.is_json) {
		json_open(&out, NULL, '{');
		json_text(&out, "account", slice_of(change->name));
		if (change->is_made)
			json_text(&out, "password", buf_view(&change->password));
		json_close(&out, '}');
		json_end(&out);
		buf_add_char(&out, '\n');
	} else if (change->is_made) {
		buf_printf(&out,
			   "  account      %s\n  password     %.*s\n\nIt is shown this once.\n",
			   change->name, SLICE_ARGUMENTS(buf_view(&change->password)));
	}
	fputs(buf_text(&out), stdout);
}

static int prepare_add(struct user_change *change, struct error *error)
{
	int r = user_check_name(change->name, error);

	if (r == 0)
		r = user_check_role(change->options.role, error);
	return r < 0 ? r : user_get_password(change, error);
}

static int add(struct store *store, void *context)
{
	const struct user_change *change = context;
	const char *role = change->options.role;
	int r = account_add(store, change->name, role, buf_view(&change->password));

	return r < 0 ? r : user_change_note(store, AUDIT_USER_ADD, change->name, slice_of(role));
}

static const struct option_row ADD_ROWS[] = {
	USER_OPTION_DATA,
	{ .name = "role",
	  .argument = "ROLE",
	  .offset = OPTION_PLACE(user_options, role, const char *),
	  .help = "viewer, approver, author, administrator or auditor",
	  .is_needed = true },
	USER_OPTION_STDIN,
	USER_OPTION_JSON,
};

static const struct user_command ADD = {
	.options = { OPTION_ROWS(ADD_ROWS), .operands = "NAME", .operands_min = 1,
		     .operands_max = 1,
		     .about = "Adds an account.  Unless its password is given, one is made and "
			      "shown once.",
		     .exits = USER_EXITS },
	.prepare = prepare_add,
	.work = add,
	.show = show_password,
};

int command_user_add(int argc, char **argv)
{
	return user_command_run(&ADD, argc, argv);
}

static int prepare_role(struct user_change *change, struct error *error)
{
	int r = user_check_name(change->name, error);

	return r < 0 ? r : user_check_role(change->value, error);
}

static int set_role(struct store *store, void *context)
{
	const struct user_change *change = context;
	int r = account_set_role(store, change->name, change->value);

	return r < 0 ? r
		     : user_change_note(store, AUDIT_USER_ROLE, change->name,
					slice_of(change->value));
}

static const struct option_row NAME_ROWS[] = { USER_OPTION_DATA };

static const struct user_command ROLE = {
	.options = { OPTION_ROWS(NAME_ROWS), .operands = "NAME ROLE", .operands_min = 2,
		     .operands_max = 2,
		     .about =
			     "Gives an account another role, which holds from its next request on.",
		     .exits = USER_EXITS },
	.prepare = prepare_role,
	.work = set_role,
};

int command_user_role(int argc, char **argv)
{
	return user_command_run(&ROLE, argc, argv);
}

static int prepare_password(struct user_change *change, struct error *error)
{
	int r = user_check_name(change->name, error);

	return r < 0 ? r : user_get_password(change, error);
}

static int set_password(struct store *store, void *context)
{
	const struct user_change *change = context;
	int r = account_set_password(store, change->name, buf_view(&change->password));

	return r < 0 ? r : user_change_note(store, AUDIT_USER_PASSWORD, change->name, SLICE(""));
}

static const struct option_row PASSWORD_ROWS[] = {
	USER_OPTION_DATA,
	USER_OPTION_STDIN,
	USER_OPTION_JSON,
};

static const struct user_command PASSWORD = {
	.options = { OPTION_ROWS(PASSWORD_ROWS), .operands = "NAME", .operands_min = 1,
		     .operands_max = 1,
		     .about = "Gives an account another password, and ends its log-ins.  Unless it "
			      "is given, one is made\nand shown once.",
		     .exits = USER_EXITS },
	.prepare = prepare_password,
	.work = set_password,
	.show = show_password,
};

int command_user_password(int argc, char **argv)
{
	return user_command_run(&PASSWORD, argc, argv);
}

static int prepare_name(struct user_change *change, struct error *error)
{
	return user_check_name(change->name, error);
}

static int disable(struct store *store, void *context)
{
	const struct user_change *change = context;
	int r = account_disable(store, change->name);

	return r < 0 ? r : user_change_note(store, AUDIT_USER_DISABLE, change->name, SLICE(""));
}

static const struct user_command DISABLE = {
	.options = { OPTION_ROWS(NAME_ROWS), .operands = "NAME", .operands_min = 1,
		     .operands_max = 1,
		     .about = "Ends an account's log-ins and lets nobody log in to it; its "
			      "signatures count no more.",
		     .exits = USER_EXITS },
	.prepare = prepare_name,
	.work = disable,
};

int command_user_disable(int argc, char **argv)
{
	return user_command_run(&DISABLE, argc, argv);
}

static int enable(struct store *store, void *context)
{
	const struct user_change *change = context;
	int r = account_enable(store, change->name);

	return r < 0 ? r : user_change_note(store, AUDIT_USER_ENABLE, change->name, SLICE(""));
}

static const struct user_command ENABLE = {
	.options = { OPTION_ROWS(NAME_ROWS), .operands = "NAME", .operands_min = 1,
		     .operands_max = 1,
		     .about = "Lets an account be used again, with the password and the keys that "
			      "it had.",
		     .exits = USER_EXITS },
	.prepare = prepare_name,
	.work = enable,
};

int command_user_enable(int argc, char **argv)
{
	return user_command_run(&ENABLE, argc, argv);
}
