/* SPDX-License-Identifier: MIT */
#include "tools/server/commands/user_change.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>

#include "control/name.h"
#include "tools/command/password.h"
#include "tools/command/terminal.h"
#include "tools/server/people/account.h"
#include "tools/server/people/author.h"
#include "tools/server/people/password.h"
#include "tools/server/people/person.h"

const struct change_case USER_CASES[] = {
	{ -ENOENT, "there is none of that name that counts: chaperone-server user list" },
	{ -EEXIST, "there is one already, or the key is an account's already" },
	{ -EPERM, "is the last administrator who can log in, and stays one" },
	{ -EACCES, "signatures of this account do not count: it is disabled, or neither an author "
		   "nor an administrator" },
	{ -E2BIG, "there are 64 keys that are not revoked, and machines know no more" },
	{ .text = NULL },
};

int user_get_password(struct user_change *user, struct error *error)
{
	char made[PASSWORD_SIZE];

	if (!user->is_from_stdin) {
		user->is_made = true;
		password_make(made);
		buf_add_text(&user->password, made);
		sodium_memzero(made, sizeof(made));
		return user->password.failed;
	}
	int r = password_read(&user->password, error);
	return r < 0 ? r : account_check_password(buf_view(&user->password), error);
}

void user_warn(const char *command, struct store *store)
{
	struct error error = { .text = "" };
	uint64_t threshold, accounts;

	if (author_threshold(store, &threshold) < 0 || author_accounts(store, &accounts) < 0 ||
	    accounts >= threshold)
		return;
	error_set(&error, 0,
		  "nothing can be published now: author_threshold is %" PRIu64
		  ", and accounts with a key that counts are %" PRIu64,
		  threshold, accounts);
	terminal_error(command, &error);
}

static void user_change_done(struct user_change *user)
{
	secret_done(&user->password);
	signing_key_done(&user->key);
}

int user_change_run(const struct change_command *command, int argc, char **argv)
{
	SCOPED(user_change_done)
	struct user_change user = { .password = BUF_MAX(PASSWORD_MAX) };

	return change_run(command, argc, argv, &user);
}
