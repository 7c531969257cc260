/* SPDX-License-Identifier: MIT */
/* `chaperone-server user key` and `key-revoke`: with which keys accounts sign policies. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/command/json.h"
#include "tools/server/people/account.h"
#include "tools/server/commands/commands.h"
#include "tools/server/commands/user_change.h"

#define TEXT_MAX (16 * KIB)

static int key_name(const struct user_change *user, char ret_name[KEY_NAME_MAX + 1],
		    struct error *error)
{
	int n = snprintf(ret_name, KEY_NAME_MAX + 1, "%s/%s", user->change.server,
			 change_operand(user, 0));

	return n > (int)KEY_NAME_MAX ? error_set(error, -EINVAL, "the key's name is too long") : 0;
}

static int read_public(struct user_change *user, const char *name, struct error *error)
{
	struct verifying_key *key = &user->key.verifying;

	if (verifying_key_read(slice_of(user->public_key), key) < 0)
		return error_set(
			error, -EINVAL,
			"--public is no public key (NAME+ID+BASE64, c2sp.org/signed-note)");
	if (strcmp(key->name, name) != 0)
		return error_set(error, -EINVAL, "the key has to be named %s, and is %s", name,
				 key->name);
	return 0;
}

static int prepare_key(void *context, struct error *error)
{
	struct user_change *user = context;
	char name[KEY_NAME_MAX + 1];
	int r = account_check_name(change_operand(user, 0), error);

	if (r == 0)
		r = key_name(user, name, error);
	if (r < 0)
		return r;
	if (user->public_key)
		return read_public(user, name, error);
	user->is_made = true;
	r = signing_key_new(slice_of(name), &user->key);
	return r < 0 ? error_system(error, r, "a new key") : 0;
}

static int add_key(struct store *store, void *context)
{
	SCOPED(buf_done) struct buf verifier = BUF_MAX(TEXT_MAX);
	const struct user_change *user = context;
	bool is_author;
	int r = account_is_author(store, change_operand(user, 0), &is_author);

	if (r == 0 && !is_author)
		r = -EACCES;
	if (r == 0)
		r = account_add_author_key(store, user->change.server, change_operand(user, 0),
					   &user->key.verifying);
	if (r < 0)
		return r;
	verifying_key_write(&user->key.verifying, &verifier);
	return verifier.failed ? verifier.failed
			       : change_note(store, AUDIT_KEY, change_operand(user, 0),
					     buf_view(&verifier));
}

static void show_json(const struct user_change *user, struct slice public_key, struct slice secret)
{
	SCOPED(secret_done) struct buf out = BUF_MAX(TEXT_MAX);

	json_open(&out, NULL, '{');
	json_text(&out, "account", slice_of(change_operand(user, 0)));
	json_text(&out, "public_key", public_key);
	json_text_if(&out, "author_key", secret);
	json_close(&out, '}');
	json_end(&out);
	puts(buf_text(&out));
}

static void show_key(const void *context)
{
	const struct user_change *user = context;
	SCOPED(buf_done) struct buf public_key = BUF_MAX(TEXT_MAX);
	SCOPED(secret_done) struct buf secret = BUF_MAX(TEXT_MAX);

	verifying_key_write(&user->key.verifying, &public_key);
	if (user->is_made)
		signing_key_write(&user->key, &secret);
	if (user->change.is_json)
		show_json(user, buf_view(&public_key), buf_view(&secret));
	else if (user->is_made)
		printf("  account      %s\n  public key   %s\n  author key   %s\n\n"
		       "The author key is shown this once.  It signs policies: keep it where the "
		       "server cannot\nread it.\n",
		       change_operand(user, 0), buf_text(&public_key), buf_text(&secret));
}

static const struct option_row KEY_ROWS[] = {
	USER_OPTION_DATA,
	OPTION_TEXT(user_change, public_key, "public", "VERIFIER",
		    "the public half of a key that its owner made"),
	USER_OPTION_JSON,
};

static const struct change_command KEY = {
	.options = { OPTION_ROWS(KEY_ROWS), .operands = "NAME", .operands_min = 1,
		     .operands_max = 1,
		     .about =
			     "Lets an account sign policies with a key named SERVER/NAME.  Unless "
			     "one is given, it is\nmade, and its secret half is shown once.\n"
			     "Once authors have signed a root, it counts when one names it; machines then follow.",
		     .exits = CHANGE_EXITS },
	.cases = USER_CASES,
	.prepare = prepare_key,
	.work = add_key,
	.warn = user_warn,
	.show = show_key,
};

int command_user_key(int argc, char **argv)
{
	return user_change_run(&KEY, argc, argv);
}

static int prepare_revoke(void *context, struct error *error)
{
	struct user_change *user = context;
	if (verifying_key_read(slice_of(change_operand(user, 0)), &user->key.verifying) < 0)
		return error_set(error, -EINVAL,
				 "'%.200s' is no public key: chaperone-server user list shows them",
				 change_operand(user, 0));
	return 0;
}

static int revoke_key(struct store *store, void *context)
{
	struct deed deed = change_deed(context, NULL);

	return deed_key_revoke(store, &deed);
}

static const struct option_row REVOKE_ROWS[] = { USER_OPTION_DATA };

static const struct change_command REVOKE = {
	.options = { OPTION_ROWS(REVOKE_ROWS), .operands = "VERIFIER", .operands_min = 1,
		     .operands_max = 1,
		     .about = "Counts nothing any more that the key signed, drafts included.\n"
			      "Machines believe it until a root of the authors leaves it out.",
		     .exits = "0 revoked, 1 there is no such key, 2 asked wrongly" },
	.cases = USER_CASES,
	.prepare = prepare_revoke,
	.work = revoke_key,
	.warn = user_warn,
};

int command_user_key_revoke(int argc, char **argv)
{
	return user_change_run(&REVOKE, argc, argv);
}
