/* SPDX-License-Identifier: MIT */
/* How people come to have a token, and give it up. */
#ifndef TOOLS_SERVER_API_LOGIN_H
#define TOOLS_SERVER_API_LOGIN_H

#include "common/clock.h"
#include "tools/server/http/route.h"

#define LOGIN_NS       (12 * 3600 * SECOND_NS)
#define LOGIN_TOKENS   32u /* of one account; the oldest goes when there would be more */
#define LOGIN_BODY_MAX (4 * KIB)

/* Who logs in: what is said, and what is found. */
struct login {
	struct slice account, password;
	char role[NAME_PLAIN_MAX + 1];
	uint64_t wait_s; /* 0, or when there is another try */
};

/* Whether there could be such an account and such a password. */
bool login_is_possible(const struct login *login);

/* Compares the password, which takes long.  -EACCES: account or password is not right; or nothing was
 * compared, as too many were wrong, from there or for that account, and `wait_s` is not 0. */
must_use int login_check(const struct request *request, struct login *login);

/* What the account shows from now on. */
struct login_token {
	struct slice account;
	unsigned char digest[SHA256_SIZE];
	int64_t made_ns, expires_ns;
};

/* Writes it down. */
must_use int login_keep(const struct request *request, const struct login_token *token);

/* POST /v1/login: {"account": NAME, "password": TEXT}.  200 with {"token", "expires", "role"}; 403 for
 * a password or an account that is not right, 429 when too many of those came. */
int login_answer(const struct request *request, struct reply *reply);

/* POST /v1/logout: the token that is shown is none any more.  204. */
int logout_answer(const struct request *request, struct reply *reply);

#endif
