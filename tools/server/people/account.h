/* SPDX-License-Identifier: MIT */
/* The people who use the server. */
#ifndef TOOLS_SERVER_PEOPLE_ACCOUNT_H
#define TOOLS_SERVER_PEOPLE_ACCOUNT_H

#include <stdbool.h>

#include "common/error.h"
#include "control/key.h"
#include "control/name.h"
#include "tools/server/store/store.h"

/* Adds an account, whose name is a plain one (name.h).  `role` is one that the schema lists.  -EEXIST, -EINVAL, -ENOMEM and what
 * store_run gives. */
must_use int account_add(struct store *store, const char *name, const char *role,
			 struct slice password);

/* How many accounts of the role can be used. */
must_use int account_count(struct store *store, const char *role, int64_t *ret_count);

/* What follows is for transactions.  -ENOENT: there is no such account; -EPERM: it is the last administrator, and nobody
 * could administrate any more. */
must_use int account_set_role(struct store *store, const char *name, const char *role);

/* Who is disabled cannot log in, and what he signed does not count; his log-ins and
 * API tokens end for good. */
must_use int account_disable(struct store *store, const char *name);
must_use int account_enable(struct store *store, const char *name);

/* The account's log-ins end as well. */
must_use int account_set_password(struct store *store, const char *name, struct slice password);

/* Whether its signatures would count: an enabled author or administrator.  -ENOENT. */
must_use int account_is_author(struct store *store, const char *name, bool *ret_is_author);

/* Lets the key's signatures count for policies.  -EINVAL unless it is called SERVER/NAME: machines know
 * authors by the names of their keys, and count each once; -EEXIST where an account had the key before, under any name; -E2BIG
 * where as many are not revoked as a machine knows (NOTE_KEYS_MAX). */
must_use int account_add_author_key(struct store *store, const char *server, const char *name,
				    const struct verifying_key *key);

/* From now on nothing that the key signed counts.  `ret_account` is whose it is.  -ENOENT: there is no
 * such key, or it is revoked. */
must_use int account_revoke_author_key(struct store *store, struct slice verifier,
				       char ret_account[NAME_PLAIN_MAX + 1]);

/* Whether it can be an account's name, is a role, can be an account's password.  -EINVAL and what is wrong, for
 * people. */
must_use int account_check_name(const char *name, struct error *error);
must_use int account_check_role(const char *role, struct error *error);
must_use int account_check_password(struct slice password, struct error *error);

#endif
