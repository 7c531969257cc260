/* SPDX-License-Identifier: MIT */
/* What the commands that change an account have in common: options, one transaction, and what they
 * say. */
#ifndef TOOLS_SERVER_USER_CHANGE_H
#define TOOLS_SERVER_USER_CHANGE_H

#include "tools/command/options.h"
#include "tools/server/audit.h"
#include "tools/server/data.h"

struct user_options {
	const char *data, *role, *public_key;
	bool is_from_stdin, is_json;
};

#define USER_OPTION_DATA                                                                           \
	OPTION_TEXT(user_options, data, "data", "FOLDER", "the folder that init made")
#define USER_OPTION_JSON OPTION_FLAG(user_options, is_json, "json", "print one JSON object")
#define USER_OPTION_STDIN                                                                          \
	OPTION_FLAG(user_options, is_from_stdin, "password-stdin",                                 \
		    "the password is the first line of standard input")

struct user_change {
	struct user_options options;
	const char *name;  /* the first operand: an account, or a key */
	const char *value; /* the second one, or NULL */
	char server[DATA_NAME_MAX + 1];
	struct buf password;
	struct signing_key key; /* its public half alone where it was given */
	bool is_made;           /* password or key, which are shown */
};

/* One command. */
struct user_command {
	struct option_table options;
	/* what can be asked wrongly, and what is made; the server's name is known */
	int (*prepare)(struct user_change *change, struct error *error);
	/* in a transaction, its row of the audit table included; `change` is a struct user_change */
	int (*work)(struct store *store, void *change);
	void (*show)(const struct user_change *change); /* NULL: it says nothing */
};

/* Runs it and returns its exit status. */
must_use int user_command_run(const struct user_command *command, int argc, char **argv);

/* Writes down what this process's user did to the account. */
must_use int user_change_note(struct store *store, enum audit_action action, const char *name,
			      struct slice detail);

/* For `prepare`: whether the operand is an account's name, and the role one that there is. */
must_use int user_check_name(const char *name, struct error *error);
must_use int user_check_role(const char *role, struct error *error);

/* For `prepare`: makes a password, or reads it from standard input. */
must_use int user_get_password(struct user_change *change, struct error *error);

#endif
