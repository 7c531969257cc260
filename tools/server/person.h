/* SPDX-License-Identifier: MIT */
/* The people who have accounts, as those who ask. */
#ifndef TOOLS_SERVER_PERSON_H
#define TOOLS_SERVER_PERSON_H

#include "common/sha256.h"
#include "control/name.h"
#include "tools/server/store.h"

/* ROW(bit, name as the schema has it) */
#define ROLES(ROW)                                                                                 \
	ROW(ROLE_VIEWER, 1u, "viewer")                                                             \
	ROW(ROLE_APPROVER, 2u, "approver")                                                         \
	ROW(ROLE_AUTHOR, 4u, "author")                                                             \
	ROW(ROLE_ADMINISTRATOR, 8u, "administrator")                                               \
	ROW(ROLE_AUDITOR, 16u, "auditor")

enum role {
#define ROLE_ENUMERATOR(role, bit, name) role = bit,
	ROLES(ROLE_ENUMERATOR)
#undef ROLE_ENUMERATOR
};

/* The role of that name; 0: there is none. */
unsigned int person_role(struct slice name);

struct person {
	char account[NAME_PLAIN_MAX + 1];
	unsigned int role;                /* one bit */
	unsigned char token[SHA256_SIZE]; /* the digest of what was shown */
};

/* Whose token `authorization` shows.  -EACCES: nobody's, or one that is over, or that of an account
 * which is disabled. */
must_use int person_recognise(struct store *store, struct slice authorization,
			      struct person *ret_person);

#endif
