/* SPDX-License-Identifier: MIT */
/* What the commands that change something in the server's database have in common: options, one
 * transaction, and what they say. */
#ifndef TOOLS_SERVER_COMMANDS_CHANGE_H
#define TOOLS_SERVER_COMMANDS_CHANGE_H

#include "tools/command/options.h"
#include "tools/server/people/deed.h"
#include "tools/server/store/data.h"

/* The first member of what a command's options fill. */
struct change {
	const char *data;
	bool is_json;
	char **operands;
	char server[DATA_NAME_MAX + 1]; /* what it is called */
};

/* What the options fill of a command that has none of its own. */
struct change_alone {
	struct change change;
};

/* Option rows of a struct that begins with `struct change change`. */
#define CHANGE_OPTION_DATA(options)                                                                \
	OPTION_TEXT(options, change.data, "data", "FOLDER", "the folder that init made")
#define CHANGE_OPTION_JSON(options)                                                                \
	OPTION_FLAG(options, change.is_json, "json", "print one JSON object")

#define CHANGE_EXITS "0 done, 1 it cannot be done, 2 asked wrongly"

/* What can be wrong with a change, as said behind the first operand. */
struct change_case {
	int code;
	const char *text;
};

/* One command. */
struct change_command {
	struct option_table options;
	const struct change_case *cases; /* the last has no text */
	/* what can be asked wrongly, and what is made; the server's name is known; or NULL */
	int (*prepare)(void *change, struct error *error);
	/* in a transaction, its row of the audit table included */
	int (*work)(struct store *store, void *change);
	/* says what the change means for the server; or NULL */
	void (*warn)(const char *command, struct store *store);
	void (*show)(const void *change); /* NULL: it shows nothing */
};

/* Runs it and returns its exit status.  `change` is what the options fill. */
must_use int change_run(const struct change_command *command, int argc, char **argv, void *change);

/* As change_run, for a command that has no other options than a struct change_alone. */
must_use int change_run_alone(const struct change_command *command, int argc, char **argv);

/* One of the operands: of any struct that begins with a struct change. */
const char *change_operand(const void *change, size_t number);

/* What this process's user does to the first operand; `object` as the deed says (deed.h). */
struct deed change_deed(const void *change, const char *object);

/* Writes down what this process's user did. */
must_use int change_note(struct store *store, enum audit_action action, const char *subject,
			 struct slice detail);

#endif
