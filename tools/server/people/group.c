/* SPDX-License-Identifier: MIT */
#include "tools/server/people/group.h"

#include <errno.h>

#include "common/clock.h"

int group_add(struct store *store, struct slice name)
{
	return store_do(store, "INSERT INTO account_group (name, created) VALUES ($1, $2)",
			STORE_VALUES(store_text(name), store_number((int64_t)realtime_ns())));
}

int group_remove(struct store *store, struct slice name)
{
	int r = store_do(store, "DELETE FROM account_group_member WHERE account_group = $1",
			 STORE_VALUES(store_text(name)));

	if (r == 0)
		r = store_run(store, "DELETE FROM account_group WHERE name = $1",
			      STORE_VALUES(store_text(name)), NULL, NULL);
	return r < 0 ? r : r == 0 ? -ENOENT : 0;
}

static int take_there(void *context, const struct store_value *columns, size_t count)
{
	(void)columns;
	(void)count;
	*(bool *)context = true;
	return 0;
}

int group_add_member(struct store *store, struct slice name, struct slice account)
{
	bool is_group = false, is_account = false;
	int r = store_run(store, "SELECT name FROM account_group WHERE name = $1",
			  STORE_VALUES(store_text(name)), take_there, &is_group);

	if (r == 0)
		r = store_run(store, "SELECT name FROM account WHERE name = $1",
			      STORE_VALUES(store_text(account)), take_there, &is_account);
	if (r < 0 || !is_group || !is_account)
		return r < 0 ? r : !is_group ? -ENOENT : -ESRCH;
	return store_do(store,
			"INSERT INTO account_group_member (account_group, account, added)"
			" VALUES ($1, $2, $3)",
			STORE_VALUES(store_text(name), store_text(account),
				     store_number((int64_t)realtime_ns())));
}

int group_remove_member(struct store *store, struct slice name, struct slice account)
{
	int r = store_run(
		store, "DELETE FROM account_group_member WHERE account_group = $1 AND account = $2",
		STORE_VALUES(store_text(name), store_text(account)), NULL, NULL);

	return r < 0 ? r : r == 0 ? -ENOENT : 0;
}
