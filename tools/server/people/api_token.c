/* SPDX-License-Identifier: MIT */
#include "tools/server/people/api_token.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>

#include "control/base64.h"
#include "control/release.h"
#include "tools/command/when.h"
#include "tools/server/people/account.h"
#include "tools/server/people/person.h"
#include "tools/server/people/scope.h"

#define ID_BYTES ((API_TOKEN_ID_SIZE - 1) / 2)

int api_token_read_life(const char *text, uint64_t *ret_ns)
{
	uint64_t ns;
	int r = when_read_duration(text, &ns);

	if (r == 0 && (ns == 0 || ns > API_TOKEN_LIFE_MAX))
		r = -ERANGE;
	if (r == 0)
		*ret_ns = ns;
	return r;
}

bool api_token_is_name(struct slice text)
{
	return release_is_why(text) && text.length <= API_TOKEN_NAME_MAX;
}

void api_token_write(const struct api_token *token, struct buf *out)
{
	buf_add_text(out, API_TOKEN_PREFIX);
	base64url_write(token->secret, sizeof(token->secret), out);
}

void api_token_make(struct api_token *token)
{
	unsigned char id[ID_BYTES];

	randombytes_buf(token->secret, sizeof(token->secret));
	randombytes_buf(id, sizeof(id));
	sodium_bin2hex(token->id, sizeof(token->id), id, sizeof(id));
}

static int take_role(void *context, const struct store_value *columns, size_t count)
{
	(void)count;
	*(unsigned int *)context = person_role(columns[0].bytes);
	return 0;
}

static int check_account(struct store *store, const struct api_token *token)
{
	struct store_value account = store_text(slice_of(token->account));
	unsigned int role = 0;
	int64_t tokens = 0;
	int r = store_run(store, "SELECT role FROM account WHERE name = $1 AND disabled IS NULL",
			  STORE_VALUES(account), take_role, &role);

	if (r < 0)
		return r;
	if (role == 0)
		return -ENOENT;
	if (!scopes_fit(token->scopes, role))
		return -EACCES;
	r = store_run(store, "SELECT count(*) FROM api_token WHERE account = $1",
		      STORE_VALUES(account), store_take_number, &tokens);
	return r < 0 ? r : tokens >= (int64_t)API_TOKENS_MAX ? -EDQUOT : 0;
}

int api_token_add(struct store *store, const struct api_token *token)
{
	SCOPED(buf_done) struct buf scopes = BUF_MAX(SCOPES_TEXT_MAX);
	int64_t now_ns = (int64_t)realtime_ns();
	unsigned char digest[SHA256_SIZE];
	int r = store_do(store, "DELETE FROM api_token WHERE expires <= $1",
			 STORE_VALUES(store_number(now_ns)));

	if (r == 0)
		r = check_account(store, token);
	scopes_write(token->scopes, &scopes);
	if (r < 0 || scopes.failed)
		return r < 0 ? r : scopes.failed;
	sha256(token->secret, sizeof(token->secret), digest);
	return store_do(
		store,
		"INSERT INTO api_token (digest, id, account, name, scopes, made, expires)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7)",
		STORE_VALUES(store_bytes(digest, sizeof(digest)), store_text(slice_of(token->id)),
			     store_text(slice_of(token->account)),
			     store_text(slice_of(token->name)), store_text(buf_view(&scopes)),
			     store_number(now_ns), store_number(token->expires_ns)));
}

static int take_account(void *context, const struct store_value *columns, size_t count)
{
	(void)count;
	snprintf(context, NAME_PLAIN_MAX + 1, "%.*s", SLICE_ARGUMENTS(columns[0].bytes));
	return 0;
}

int api_token_revoke(struct store *store, struct slice id, char ret_account[NAME_PLAIN_MAX + 1])
{
	int r = store_run(store, "SELECT account FROM api_token WHERE id = $1",
			  STORE_VALUES(store_text(id)), take_account, ret_account);

	if (r == 0)
		r = store_run(store, "DELETE FROM api_token WHERE id = $1",
			      STORE_VALUES(store_text(id)), NULL, NULL);
	return r < 0 ? r : r == 0 ? -ENOENT : 0;
}
