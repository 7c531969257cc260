/* SPDX-License-Identifier: MIT */
#include "tools/server/people/account.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "control/name.h"
#include "control/note.h"
#include "tools/server/people/password.h"
#include "tools/server/people/person.h"

#define PASSWORD_MIN 12u /* characters */

#define KEY_TEXT_MAX (1 * KIB)

int account_add(struct store *store, const char *name, const char *role, struct slice password)
{
	char hash[PASSWORD_HASH_SIZE];

	if (!name_is_plain(slice_of(name)))
		return -EINVAL;
	int r = password_hash(password, hash);
	if (r < 0)
		return r;
	struct store_values values =
		STORE_VALUES(store_text(slice_of(name)), store_text(slice_of(hash)),
			     store_text(slice_of(role)), store_number((int64_t)realtime_ns()));
	return store_do(
		store,
		"INSERT INTO account (name, password, role, created) VALUES ($1, $2, $3, $4)",
		values);
}

int account_count(struct store *store, const char *role, int64_t *ret_count)
{
	return store_run(store, "SELECT count(*) FROM account WHERE role = $1 AND disabled IS NULL",
			 STORE_VALUES(store_text(slice_of(role))), store_take_number, ret_count);
}

/* `changed`: what a statement that changes one account gave. */
static int found(int changed)
{
	return changed < 0 ? changed : changed == 0 ? -ENOENT : 0;
}

static int keep_an_administrator(struct store *store)
{
	int64_t count;
	int r = account_count(store, "administrator", &count);

	return r < 0 ? r : count == 0 ? -EPERM : 0;
}

int account_set_role(struct store *store, const char *name, const char *role)
{
	int r = found(store_run(
		store, "UPDATE account SET role = $1 WHERE name = $2",
		STORE_VALUES(store_text(slice_of(role)), store_text(slice_of(name))), NULL, NULL));

	return r < 0 ? r : keep_an_administrator(store);
}

static int end_tokens(struct store *store, const char *name)
{
	return store_do(store, "DELETE FROM token WHERE account = $1",
			STORE_VALUES(store_text(slice_of(name))));
}

static int end_api_tokens(struct store *store, const char *name)
{
	return store_do(store, "DELETE FROM api_token WHERE account = $1",
			STORE_VALUES(store_text(slice_of(name))));
}

int account_disable(struct store *store, const char *name)
{
	int r = found(store_run(
		store, "UPDATE account SET disabled = COALESCE(disabled, $1) WHERE name = $2",
		STORE_VALUES(store_number((int64_t)realtime_ns()), store_text(slice_of(name))),
		NULL, NULL));

	if (r == 0)
		r = end_tokens(store, name);
	if (r == 0)
		r = end_api_tokens(store, name);
	return r < 0 ? r : keep_an_administrator(store);
}

int account_enable(struct store *store, const char *name)
{
	return found(store_run(store, "UPDATE account SET disabled = NULL WHERE name = $1",
			       STORE_VALUES(store_text(slice_of(name))), NULL, NULL));
}

int account_set_password(struct store *store, const char *name, struct slice password)
{
	char hash[PASSWORD_HASH_SIZE];
	int r = password_hash(password, hash);

	if (r == 0)
		r = found(store_run(
			store, "UPDATE account SET password = $1 WHERE name = $2",
			STORE_VALUES(store_text(slice_of(hash)), store_text(slice_of(name))), NULL,
			NULL));
	return r < 0 ? r : end_tokens(store, name);
}

int account_is_author(struct store *store, const char *name, bool *ret_is_author)
{
	int64_t is_author = -1;
	int r = store_run(
		store,
		"SELECT CASE WHEN role IN ('author', 'administrator') AND disabled IS NULL"
		" THEN 1 ELSE 0 END FROM account WHERE name = $1",
		STORE_VALUES(store_text(slice_of(name))), store_take_number, &is_author);

	if (r < 0 || is_author < 0)
		return r < 0 ? r : -ENOENT;
	*ret_is_author = is_author == 1;
	return 0;
}

/* SERVER/ACCOUNT */
static bool is_named_for(const struct verifying_key *key, const char *server, const char *account)
{
	struct slice rest = slice_of(key->name);

	return slice_equal(slice_cut(&rest, '/'), slice_of(server)) && rest.at &&
	       slice_is(rest, account);
}

/* A key that is to be added, and those that there are. */
struct addition {
	const struct verifying_key *key;
	size_t kept; /* are not revoked */
};

/* The same key under two names would be two authors to a machine. */
static int compare_key(void *context, const struct store_value *columns, size_t count)
{
	struct addition *addition = context;
	struct verifying_key other;

	(void)count;
	addition->kept += columns[1].kind == STORE_NULL;
	if (verifying_key_read(columns[0].bytes, &other) < 0)
		return 0;
	return memcmp(addition->key->public_key, other.public_key, KEY_PUBLIC_SIZE) == 0 ? -EEXIST
											 : 0;
}

int account_add_author_key(struct store *store, const char *server, const char *name,
			   const struct verifying_key *key)
{
	SCOPED(buf_done) struct buf verifier = BUF_MAX(KEY_TEXT_MAX);
	struct addition addition = { key, 0 };

	if (!is_named_for(key, server, name))
		return -EINVAL;
	verifying_key_write(key, &verifier);
	int r = verifier.failed;
	if (r == 0)
		r = store_run(store, "SELECT verifier, revoked FROM author_key", STORE_NO_VALUES,
			      compare_key, &addition);
	if (r == 0 && addition.kept >= NOTE_KEYS_MAX)
		r = -E2BIG;
	if (r < 0)
		return r;
	struct store_values values =
		STORE_VALUES(store_text(buf_view(&verifier)), store_text(slice_of(name)),
			     store_number((int64_t)realtime_ns()));
	return store_do(store,
			"INSERT INTO author_key (verifier, account, created) VALUES ($1, $2, $3)",
			values);
}

static int take_owner(void *context, const struct store_value *columns, size_t count)
{
	(void)count;
	snprintf(context, NAME_PLAIN_MAX + 1, "%.*s", SLICE_ARGUMENTS(columns[0].bytes));
	return 0;
}

int account_revoke_author_key(struct store *store, struct slice verifier,
			      char ret_account[NAME_PLAIN_MAX + 1])
{
	char account[NAME_PLAIN_MAX + 1];
	int r = store_run(store, "SELECT account FROM author_key WHERE verifier = $1",
			  STORE_VALUES(store_text(verifier)), take_owner, account);

	if (r == 0)
		r = found(store_run(
			store,
			"UPDATE author_key SET revoked = $1 WHERE verifier = $2 AND revoked IS NULL",
			STORE_VALUES(store_number((int64_t)realtime_ns()), store_text(verifier)),
			NULL, NULL));
	if (r == 0)
		memcpy(ret_account, account, sizeof(account));
	return r;
}

int account_check_name(const char *name, struct error *error)
{
	if (name_is_plain(slice_of(name)))
		return 0;
	return error_set(error, -EINVAL, "'%.64s' is no account: small letters, digits, . - and _",
			 name);
}

int account_check_role(const char *role, struct error *error)
{
	if (person_role(slice_of(role)))
		return 0;
	return error_set(error, -EINVAL,
			 "'%.64s' is no role: viewer, approver, author, administrator or auditor",
			 role);
}

int account_check_password(struct slice password, struct error *error)
{
	if (password.length >= PASSWORD_MIN)
		return 0;
	return error_set(error, -EINVAL, "a password has at least %u characters", PASSWORD_MIN);
}
