/* SPDX-License-Identifier: MIT */
/* The people who use the server. */
#ifndef TOOLS_SERVER_ACCOUNT_H
#define TOOLS_SERVER_ACCOUNT_H

#include "control/key.h"
#include "tools/server/store.h"

/* Adds an account, whose name is a plain one (name.h).  `role` is one that the schema lists.  -EEXIST, -EINVAL, -ENOMEM and what
 * store_run gives. */
must_use int account_add(struct store *store, const char *name, const char *role,
			 struct slice password);

/* How many accounts of the role can be used. */
must_use int account_count(struct store *store, const char *role, int64_t *ret_count);

/* Lets the key's signatures count for policies.  -EINVAL unless it is called HOST/NAME: machines know
 * authors by the names of their keys, and count each once. */
must_use int account_add_author_key(struct store *store, const char *name,
				    const struct verifying_key *key);

#endif
