/* SPDX-License-Identifier: MIT */
/* What people give to programs that act for them: a token with an end and scopes, less than a log-in. */
#ifndef TOOLS_SERVER_PEOPLE_API_TOKEN_H
#define TOOLS_SERVER_PEOPLE_API_TOKEN_H

#include "common/buf.h"
#include "common/clock.h"
#include "control/name.h"
#include "tools/server/store/store.h"
#include "tools/server/people/token.h"

#define API_TOKENS_MAX     32u /* of an account */
#define API_TOKEN_NAME_MAX 64u
#define API_TOKEN_ID_SIZE  13u /* twelve hexadecimal digits, and a NUL */

#define API_TOKEN_LIFE_MAX (366 * UINT64_C(86400) * SECOND_NS)

/* Stands before it in base64url, so that it is known for what it is wherever it turns up. */
#define API_TOKEN_PREFIX "chaperone_"

struct api_token {
	char id[API_TOKEN_ID_SIZE]; /* what it is called; nobody can use that */
	const char *account, *name; /* the name says what it is for, and may be empty */
	unsigned int scopes;        /* scope.h */
	int64_t expires_ns;
	unsigned char secret[TOKEN_SIZE];
};

/* For how long one is good: "12h", "30d".  -EINVAL: it is no duration; -ERANGE: none at all, or over 366 days. */
must_use int api_token_read_life(const char *text, uint64_t *ret_ns);

/* One line of at most API_TOKEN_NAME_MAX bytes, or nothing. */
bool api_token_is_name(struct slice text);

/* Appends what programs show. */
void api_token_write(const struct api_token *token, struct buf *out);

/* Makes its id and its secret, of which the store keeps a digest. */
void api_token_make(struct api_token *token);

/* What follows is for transactions.  -ENOENT: there is no such account that can be used; -EACCES: its role may
 * not do all that the scopes are for; -EDQUOT: it has too many. */
must_use int api_token_add(struct store *store, const struct api_token *token);

/* Ends it.  `ret_account` is whose it was.  -ENOENT: there is none of that id. */
must_use int api_token_revoke(struct store *store, struct slice id,
			      char ret_account[NAME_PLAIN_MAX + 1]);

#endif
