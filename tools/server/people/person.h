/* SPDX-License-Identifier: MIT */
/* The people who have accounts, as those who ask. */
#ifndef TOOLS_SERVER_PEOPLE_PERSON_H
#define TOOLS_SERVER_PEOPLE_PERSON_H

#include "common/sha256.h"
#include "control/name.h"
#include "tools/server/people/api_token.h"
#include "tools/server/people/audit.h"
#include "tools/server/store/store.h"

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

#define ROLES_ALL      (ROLE_VIEWER | ROLE_APPROVER | ROLE_AUTHOR | ROLE_ADMINISTRATOR | ROLE_AUDITOR)
#define ROLES_AUTHORS  (ROLE_AUTHOR | ROLE_ADMINISTRATOR)
#define ROLES_AUDITORS (ROLE_AUDITOR | ROLE_ADMINISTRATOR)

#define PERSON_ROLE_SIZE 16u

/* The role of that name; 0: there is none. */
unsigned int person_role(struct slice name);

/* Its name; "" for what is no role. */
const char *person_role_name(unsigned int role);

#define PERSON_ACTOR_SIZE (NAME_PLAIN_MAX + 1 + API_TOKEN_ID_SIZE)

struct person {
	char account[NAME_PLAIN_MAX + 1];
	unsigned int role;                /* one bit */
	unsigned int scopes;              /* scope.h */
	unsigned char token[SHA256_SIZE]; /* the digest of what was shown */
	char actor[PERSON_ACTOR_SIZE];    /* the account, or the token as ACCOUNT/ID */
};

/* Whose token `authorization` shows, be it of a log-in or an API token.  -EACCES: nobody's, or one that is over, or that of an account
 * which is disabled. */
must_use int person_recognise(struct store *store, struct slice authorization,
			      struct person *ret_person);

/* As whom it stands on the log, as long as `person` lives. */
struct audit_actor person_actor(const struct person *person);

#endif
