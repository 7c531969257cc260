/* SPDX-License-Identifier: MIT */
#include "tools/server/account.h"

#include <errno.h>

#include "common/clock.h"
#include "control/name.h"
#include "tools/server/password.h"

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

static int take_count(void *context, const struct store_value *columns, size_t count)
{
	(void)count;
	*(int64_t *)context = columns[0].number;
	return 0;
}

int account_count(struct store *store, const char *role, int64_t *ret_count)
{
	return store_run(store, "SELECT count(*) FROM account WHERE role = $1 AND disabled IS NULL",
			 STORE_VALUES(store_text(slice_of(role))), take_count, ret_count);
}

/* HOST/ACCOUNT */
static bool is_named_for(const struct verifying_key *key, const char *account)
{
	struct slice rest = slice_of(key->name);

	slice_cut(&rest, '/');
	return slice_is(rest, account);
}

int account_add_author_key(struct store *store, const char *name, const struct verifying_key *key)
{
	SCOPED(buf_done) struct buf verifier = BUF_MAX(KEY_TEXT_MAX);

	if (!is_named_for(key, name))
		return -EINVAL;
	verifying_key_write(key, &verifier);
	if (verifier.failed)
		return verifier.failed;
	struct store_values values =
		STORE_VALUES(store_text(buf_view(&verifier)), store_text(slice_of(name)),
			     store_number((int64_t)realtime_ns()));
	return store_do(store,
			"INSERT INTO author_key (verifier, account, created) VALUES ($1, $2, $3)",
			values);
}
