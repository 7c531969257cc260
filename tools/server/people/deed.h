/* SPDX-License-Identifier: MIT */
/* What is done to accounts, their keys, groups and tokens, and to settings, by a command or on a page: each with
 * its row on the server's own record (audit.h), and all of it for transactions. */
#ifndef TOOLS_SERVER_PEOPLE_DEED_H
#define TOOLS_SERVER_PEOPLE_DEED_H

#include "common/error.h"
#include "tools/server/people/api_token.h"
#include "tools/server/people/audit.h"

struct deed {
	struct audit_actor actor;
	const char *subject,
		*object;       /* as each deed says; the object may be NULL where it has none */
	struct slice password; /* of an account that is new or gets another one */
};

typedef int (*deed_fn)(struct store *store, const struct deed *deed);

/* Subject: an account; object of the first two: its role.  Errors are account.h's. */
must_use int deed_account_add(struct store *store, const struct deed *deed);
must_use int deed_account_role(struct store *store, const struct deed *deed);
must_use int deed_account_password(struct store *store, const struct deed *deed);
must_use int deed_account_disable(struct store *store, const struct deed *deed);
must_use int deed_account_enable(struct store *store, const struct deed *deed);

/* Subject: a key, as verifying_key_write has it; object: whose it has to be, NULL for anybody's.  -ENOENT. */
must_use int deed_key_revoke(struct store *store, const struct deed *deed);

/* Subject: a group; object of the last two: an account.  Errors are group.h's. */
must_use int deed_group_add(struct store *store, const struct deed *deed);
must_use int deed_group_remove(struct store *store, const struct deed *deed);
must_use int deed_member_add(struct store *store, const struct deed *deed);
must_use int deed_member_remove(struct store *store, const struct deed *deed);

/* Errors are api_token_add's. */
must_use int deed_token_make(struct store *store, struct audit_actor actor,
			     const struct api_token *token);

/* Subject: a token's id; object: whose it has to be, NULL for anybody's.  -ENOENT. */
must_use int deed_token_revoke(struct store *store, const struct deed *deed);

/* Subject: a setting; object: its value.  `error` and errors are setting_write's. */
must_use int deed_setting(struct store *store, const struct deed *deed, struct error *error);

#endif
