/* SPDX-License-Identifier: MIT */
/* How people come to have a token, and give it up. */
#ifndef TOOLS_SERVER_LOGIN_H
#define TOOLS_SERVER_LOGIN_H

#include "common/clock.h"
#include "tools/server/route.h"

#define LOGIN_NS       (12 * 3600 * SECOND_NS)
#define LOGIN_TOKENS   32u /* of one account; the oldest goes when there would be more */
#define LOGIN_BODY_MAX (4 * KIB)

/* POST /v1/login: {"account": NAME, "password": TEXT}.  200 with {"token", "expires", "role"}; 403 for
 * a password or an account that is not right, 429 when too many of those came, from there or for that
 * account. */
int login_answer(const struct request *request, struct reply *reply);

/* POST /v1/logout: the token that is shown is none any more.  204. */
int logout_answer(const struct request *request, struct reply *reply);

#endif
