/* SPDX-License-Identifier: MIT */
/* What the commands that change an account have in common: its name, its password, its key, and what is
 * said of those. */
#ifndef TOOLS_SERVER_COMMANDS_USER_CHANGE_H
#define TOOLS_SERVER_COMMANDS_USER_CHANGE_H

#include "tools/server/commands/change.h"

struct user_change {
	struct change change;
	const char *role, *public_key; /* options */
	bool is_from_stdin;
	struct buf password;
	struct signing_key key; /* its public half alone where it was given */
	bool is_made;           /* password or key, which are shown */
};

#define USER_OPTION_DATA CHANGE_OPTION_DATA(user_change)
#define USER_OPTION_JSON CHANGE_OPTION_JSON(user_change)
#define USER_OPTION_STDIN                                                                          \
	OPTION_FLAG(user_change, is_from_stdin, "password-stdin",                                  \
		    "the password is the first line of standard input")

extern const struct change_case USER_CASES[];

/* Runs a command on a struct user_change and returns its exit status. */
must_use int user_change_run(const struct change_command *command, int argc, char **argv);

/* Warns where too few accounts are left for anything to be published: never a reason to refuse what may
 * be urgent. */
void user_warn(const char *command, struct store *store);

/* For `prepare`: makes a password, or reads it from standard input. */
must_use int user_get_password(struct user_change *user, struct error *error);

#endif
