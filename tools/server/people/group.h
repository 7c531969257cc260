/* SPDX-License-Identifier: MIT */
/* Groups of accounts, which rules name where they ask people. */
#ifndef TOOLS_SERVER_PEOPLE_GROUP_H
#define TOOLS_SERVER_PEOPLE_GROUP_H

#include "tools/server/store/store.h"

/* Adds one without members; its name is a plain one (name.h).  -EEXIST. */
must_use int group_add(struct store *store, struct slice name);

/* What follows is for transactions. */

/* Takes it away with its memberships.  -ENOENT. */
must_use int group_remove(struct store *store, struct slice name);

/* -ENOENT: there is no such group; -ESRCH: no such account; -EEXIST: it is a member. */
must_use int group_add_member(struct store *store, struct slice name, struct slice account);

/* -ENOENT: it is no member, or there is no such group. */
must_use int group_remove_member(struct store *store, struct slice name, struct slice account);

#endif
