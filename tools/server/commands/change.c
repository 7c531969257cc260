/* SPDX-License-Identifier: MIT */
#include "tools/server/commands/change.h"

#include <string.h>
#include <sys/prctl.h>

#include "tools/command/command.h"
#include "tools/command/terminal.h"

#define CHANGE_ASKED_WRONGLY 1

static int say(const struct change_command *command, const struct change *change, int code,
	       struct error *error)
{
	const char *first = change->operands[0];

	for (const struct change_case *row = command->cases; row->text; row++) {
		if (row->code == code)
			return error_set(error, code, "%.200s%s%s", first ? first : "",
					 first ? ": " : "", row->text);
	}
	return 0;
}

static int do_change(const struct change_command *command, const char *name, struct change *change,
		     struct error *error)
{
	SCOPED(data_close) struct data data = DATA_NONE;
	int r = data_open(change->data, &data, error);

	if (r < 0)
		return r;
	memcpy(change->server, data.name, sizeof(change->server));
	if (command->prepare && command->prepare(change, error) < 0)
		return CHANGE_ASKED_WRONGLY;
	r = store_transact(data.store, command->work, change);
	if (r < 0)
		return say(command, change, r, error) < 0
			       ? r
			       : error_set(error, r, "%s", store_trouble(data.store));
	if (command->warn)
		command->warn(name, data.store);
	return 0;
}

int change_run(const struct change_command *command, int argc, char **argv, void *context)
{
	struct change *change = context;
	struct error error = { .text = "" };
	int status;

	change->operands = options_read(&command->options, argc, argv, context, &status);
	if (!change->operands)
		return status;
	prctl(PR_SET_DUMPABLE, 0); /* passwords and keys may be in it */
	int r = do_change(command, argv[0], change, &error);
	if (r == CHANGE_ASKED_WRONGLY)
		return command_fail(argv[0], &error);
	if (r < 0) {
		terminal_error(argv[0], &error);
		return EXIT_FINDINGS;
	}
	if (command->show)
		command->show(context);
	return EXIT_GOOD;
}

int change_run_alone(const struct change_command *command, int argc, char **argv)
{
	struct change_alone alone = { .change = { .data = NULL } };

	return change_run(command, argc, argv, &alone);
}

const char *change_operand(const void *change, size_t number)
{
	return ((const struct change *)change)->operands[number];
}

struct deed change_deed(const void *change, const char *object)
{
	return (struct deed){ .actor = audit_system(),
			      .subject = change_operand(change, 0),
			      .object = object };
}

int change_note(struct store *store, enum audit_action action, const char *subject,
		struct slice detail)
{
	return audit_add(store, audit_system(),
			 (struct audit_deed){ action, slice_of(subject), detail });
}
