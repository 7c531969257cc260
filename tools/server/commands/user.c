/* SPDX-License-Identifier: MIT */
/* `chaperone-server user add`, `role`, `password`, `disable` and `enable`: who may use the server. */
#include <stdio.h>

#include "tools/command/json.h"
#include "tools/server/people/account.h"
#include "tools/server/commands/commands.h"
#include "tools/server/commands/user_change.h"

#define TEXT_MAX (16 * KIB)

/* What is shown once, of an account that is new or has a new password. */
static void show_password(const void *context)
{
	const struct user_change *user = context;
	SCOPED(secret_done) struct buf out = BUF_MAX(TEXT_MAX);

	if (user->change.is_json) {
		json_open(&out, NULL, '{');
		json_text(&out, "account", slice_of(change_operand(user, 0)));
		if (user->is_made)
			json_text(&out, "password", buf_view(&user->password));
		json_close(&out, '}');
		json_end(&out);
		buf_add_char(&out, '\n');
	} else if (user->is_made) {
		buf_printf(&out,
			   "  account      %s\n  password     %.*s\n\nIt is shown this once.\n",
			   change_operand(user, 0), SLICE_ARGUMENTS(buf_view(&user->password)));
	}
	fputs(buf_text(&out), stdout);
}

static int prepare_add(void *context, struct error *error)
{
	struct user_change *user = context;
	int r = account_check_name(change_operand(user, 0), error);

	if (r == 0)
		r = account_check_role(user->role, error);
	return r < 0 ? r : user_get_password(user, error);
}

static int add(struct store *store, void *context)
{
	const struct user_change *user = context;
	struct deed deed = change_deed(user, user->role);

	deed.password = buf_view(&user->password);
	return deed_account_add(store, &deed);
}

static const struct option_row ADD_ROWS[] = {
	USER_OPTION_DATA,
	{ .name = "role",
	  .argument = "ROLE",
	  .offset = OPTION_PLACE(user_change, role, const char *),
	  .help = "viewer, approver, author, administrator or auditor",
	  .is_needed = true },
	USER_OPTION_STDIN,
	USER_OPTION_JSON,
};

static const struct change_command ADD = {
	.options = { OPTION_ROWS(ADD_ROWS), .operands = "NAME", .operands_min = 1,
		     .operands_max = 1,
		     .about = "Adds an account.  Unless its password is given, one is made and "
			      "shown once.",
		     .exits = CHANGE_EXITS },
	.cases = USER_CASES,
	.prepare = prepare_add,
	.work = add,
	.warn = user_warn,
	.show = show_password,
};

int command_user_add(int argc, char **argv)
{
	return user_change_run(&ADD, argc, argv);
}

static int prepare_role(void *context, struct error *error)
{
	struct user_change *user = context;
	int r = account_check_name(change_operand(user, 0), error);

	return r < 0 ? r : account_check_role(change_operand(user, 1), error);
}

static int set_role(struct store *store, void *context)
{
	struct deed deed = change_deed(context, change_operand(context, 1));

	return deed_account_role(store, &deed);
}

static const struct option_row NAME_ROWS[] = { USER_OPTION_DATA };

static const struct change_command ROLE = {
	.options = { OPTION_ROWS(NAME_ROWS), .operands = "NAME ROLE", .operands_min = 2,
		     .operands_max = 2,
		     .about =
			     "Gives an account another role, which holds from its next request on.",
		     .exits = CHANGE_EXITS },
	.cases = USER_CASES,
	.prepare = prepare_role,
	.work = set_role,
	.warn = user_warn,
};

int command_user_role(int argc, char **argv)
{
	return user_change_run(&ROLE, argc, argv);
}

static int prepare_password(void *context, struct error *error)
{
	struct user_change *user = context;
	int r = account_check_name(change_operand(user, 0), error);

	return r < 0 ? r : user_get_password(user, error);
}

static int set_password(struct store *store, void *context)
{
	const struct user_change *user = context;
	struct deed deed = change_deed(user, NULL);

	deed.password = buf_view(&user->password);
	return deed_account_password(store, &deed);
}

static const struct option_row PASSWORD_ROWS[] = {
	USER_OPTION_DATA,
	USER_OPTION_STDIN,
	USER_OPTION_JSON,
};

static const struct change_command PASSWORD = {
	.options = { OPTION_ROWS(PASSWORD_ROWS), .operands = "NAME", .operands_min = 1,
		     .operands_max = 1,
		     .about = "Gives an account another password, and ends its log-ins.  Unless it "
			      "is given, one is made\nand shown once.",
		     .exits = CHANGE_EXITS },
	.cases = USER_CASES,
	.prepare = prepare_password,
	.work = set_password,
	.warn = user_warn,
	.show = show_password,
};

int command_user_password(int argc, char **argv)
{
	return user_change_run(&PASSWORD, argc, argv);
}

static int prepare_name(void *context, struct error *error)
{
	struct user_change *user = context;
	return account_check_name(change_operand(user, 0), error);
}

static int disable(struct store *store, void *context)
{
	struct deed deed = change_deed(context, NULL);

	return deed_account_disable(store, &deed);
}

static const struct change_command DISABLE = {
	.options = { OPTION_ROWS(NAME_ROWS), .operands = "NAME", .operands_min = 1,
		     .operands_max = 1,
		     .about =
			     "Ends an account's log-ins and tokens and lets nobody log in to it; its "
			     "signatures count no more.",
		     .exits = CHANGE_EXITS },
	.cases = USER_CASES,
	.prepare = prepare_name,
	.work = disable,
	.warn = user_warn,
};

int command_user_disable(int argc, char **argv)
{
	return user_change_run(&DISABLE, argc, argv);
}

static int enable(struct store *store, void *context)
{
	struct deed deed = change_deed(context, NULL);

	return deed_account_enable(store, &deed);
}

static const struct change_command ENABLE = {
	.options = { OPTION_ROWS(NAME_ROWS), .operands = "NAME", .operands_min = 1,
		     .operands_max = 1,
		     .about = "Lets an account be used again, with the password and the keys that "
			      "it had.",
		     .exits = CHANGE_EXITS },
	.cases = USER_CASES,
	.prepare = prepare_name,
	.work = enable,
	.warn = user_warn,
};

int command_user_enable(int argc, char **argv)
{
	return user_change_run(&ENABLE, argc, argv);
}
