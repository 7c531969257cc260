/* SPDX-License-Identifier: MIT */
#include "tools/server/user_change.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "control/name.h"
#include "tools/command/command.h"
#include "tools/command/password.h"
#include "tools/command/terminal.h"
#include "tools/server/author.h"
#include "tools/server/password.h"
#include "tools/server/person.h"

#define PASSWORD_MIN         12u
#define CHANGE_ASKED_WRONGLY 1

/* What can be wrong with a change; each stands behind the name. */
static const struct {
	int code;
	const char *text;
} CASES[] = {
	{ -ENOENT, "there is none of that name that counts: chaperone-server user list" },
	{ -EEXIST, "there is one already, or the key is an account's already" },
	{ -EPERM, "is the last administrator who can log in, and stays one" },
	{ -EACCES, "signatures of this account do not count: it is disabled, or neither an author "
		   "nor an administrator" },
	{ -E2BIG, "there are 64 keys that are not revoked, and machines know no more" },
};

static int say(struct error *error, int code, const char *name, const struct store *store)
{
	for (size_t i = 0; i < COUNT_OF(CASES); i++) {
		if (CASES[i].code == code)
			return error_set(error, code, "%.200s: %s", name, CASES[i].text);
	}
	return error_set(error, code, "%s", store_trouble(store));
}

int user_change_note(struct store *store, enum audit_action action, const char *name,
		     struct slice detail)
{
	return audit_add(store, audit_system(),
			 (struct audit_deed){ action, slice_of(name), detail });
}

int user_check_name(const char *name, struct error *error)
{
	if (name_is_plain(slice_of(name)))
		return 0;
	return error_set(error, -EINVAL, "'%.64s' is no account: small letters, digits, . - and _",
			 name);
}

int user_check_role(const char *role, struct error *error)
{
	if (person_role(slice_of(role)))
		return 0;
	return error_set(error, -EINVAL,
			 "'%.64s' is no role: viewer, approver, author, administrator or auditor",
			 role);
}

int user_get_password(struct user_change *change, struct error *error)
{
	char made[PASSWORD_SIZE];

	if (!change->options.is_from_stdin) {
		change->is_made = true;
		password_make(made);
		buf_add_text(&change->password, made);
		sodium_memzero(made, sizeof(made));
		return change->password.failed;
	}
	int r = password_read(&change->password, error);
	if (r == 0 && change->password.length < PASSWORD_MIN)
		r = error_set(error, -EINVAL, "a password has at least %u characters",
			      PASSWORD_MIN);
	return r;
}

/* Disabling and revoking are never refused for it: they may be urgent. */
static void warn(const char *command, const struct data *data)
{
	struct error error = { .text = "" };
	uint64_t threshold, accounts;

	if (author_threshold(data->store, &threshold) < 0 ||
	    author_accounts(data->store, &accounts) < 0 || accounts >= threshold)
		return;
	error_set(&error, 0,
		  "nothing can be published now: author_threshold is %" PRIu64
		  ", and accounts with a key that counts are %" PRIu64,
		  threshold, accounts);
	terminal_error(command, &error);
}

static int change_account(const struct user_command *command, const char *name,
			  struct user_change *change, struct error *error)
{
	SCOPED(data_close) struct data data = DATA_NONE;
	int r = data_open(change->options.data, &data, error);

	if (r < 0)
		return r;
	memcpy(change->server, data.name, sizeof(change->server));
	r = command->prepare(change, error);
	if (r < 0)
		return CHANGE_ASKED_WRONGLY;
	r = store_transact(data.store, command->work, change);
	if (r < 0)
		return say(error, r, change->name, data.store);
	warn(name, &data);
	return 0;
}

static void change_done(struct user_change *change)
{
	secret_done(&change->password);
	signing_key_done(&change->key);
}

int user_command_run(const struct user_command *command, int argc, char **argv)
{
	SCOPED(change_done)
	struct user_change change = { .password = BUF_MAX(PASSWORD_MAX) };
	struct error error = { .text = "" };
	int status;
	char **operands = options_read(&command->options, argc, argv, &change.options, &status);

	if (!operands)
		return status;
	prctl(PR_SET_DUMPABLE, 0); /* passwords and keys are in it */
	change.name = operands[0];
	change.value = operands[1];
	int r = change_account(command, argv[0], &change, &error);
	if (r == CHANGE_ASKED_WRONGLY)
		return command_fail(argv[0], &error);
	if (r < 0) {
		terminal_error(argv[0], &error);
		return EXIT_FINDINGS;
	}
	if (command->show)
		command->show(&change);
	return EXIT_GOOD;
}
