/* SPDX-License-Identifier: MIT */
/* What an API token may be used for.  A scope never adds to what its account's role may do. */
#ifndef TOOLS_SERVER_PEOPLE_SCOPE_H
#define TOOLS_SERVER_PEOPLE_SCOPE_H

#include "common/buf.h"

#define SCOPES_TEXT_MAX 64u

/* ROW(scope, bit, name, roles that can use it) */
#define SCOPES(ROW)                                                                                \
	ROW(SCOPE_READ, 1u, "read", ROLES_ALL)         /* whatever is only looked at */            \
	ROW(SCOPE_POLICY, 2u, "policy", ROLES_AUTHORS) /* pushing drafts, and signing them */

enum scope {
	SCOPE_NONE = 0, /* of routes that are not for people */
#define SCOPE_ENUMERATOR(scope, bit, name, roles) scope = bit,
	SCOPES(SCOPE_ENUMERATOR)
#undef SCOPE_ENUMERATOR
		SCOPE_LOGIN = 0x100u, /* for those who logged in: no token has it */
};

/* Of those who logged in. */
#define SCOPES_OF_LOGIN (SCOPE_READ | SCOPE_POLICY | SCOPE_LOGIN)

/* Reads "read,policy".  -EINVAL: it is empty, or something in it is no scope. */
must_use int scopes_read(struct slice text, unsigned int *ret_scopes);

/* Writes them as scopes_read reads them. */
void scopes_write(unsigned int scopes, struct buf *out);

/* Whether an account of the role may do all that they are for. */
bool scopes_fit(unsigned int scopes, unsigned int role);

#endif
