/* SPDX-License-Identifier: MIT */
/* The people who use the server. */
#ifndef TOOLS_SERVER_ACCOUNT_H
#define TOOLS_SERVER_ACCOUNT_H

#include "control/key.h"
#include "tools/server/store.h"

#define ACCOUNT_NAME_MAX 64u

/* Whether `name` may be one: 1 to 64 small letters, digits, dots, dashes and underscores, beginning
 * with a letter. */
bool account_is_name(struct slice name);

/* Adds an account.  `role` is one that the schema lists.  -EEXIST, -EINVAL, -ENOMEM and what
 * store_run gives. */
must_use int account_add(struct store *store, const char *name, const char *role,
			 struct slice password);

/* How many accounts of the role can be used. */
must_use int account_count(struct store *store, const char *role, int64_t *ret_count);

/* Lets the key's signatures count for policies. */
must_use int account_add_author_key(struct store *store, const char *name,
				    const struct verifying_key *key);

#endif
