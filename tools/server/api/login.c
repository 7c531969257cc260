/* SPDX-License-Identifier: MIT */
#include "tools/server/api/login.h"

#include <errno.h>
#include <microhttpd.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "control/base64.h"
#include "tools/command/json.h"
#include "tools/command/document.h"
#include "tools/command/password.h"
#include "tools/server/people/audit.h"
#include "tools/server/common/moment.h"
#include "tools/server/people/password.h"
#include "tools/server/http/server.h"
#include "tools/server/people/token.h"

#define TOKEN_TEXT_MAX 64u

/* What is known of who logs in. */
struct known {
	struct login *login;
	char hash[PASSWORD_HASH_SIZE];
};

static void known_done(struct known *known)
{
	sodium_memzero(known->hash, sizeof(known->hash));
}

static int take_account(void *context, const struct store_value *columns, size_t count)
{
	struct known *known = context;

	(void)count;
	snprintf(known->hash, sizeof(known->hash), "%.*s", SLICE_ARGUMENTS(columns[0].bytes));
	snprintf(known->login->role, sizeof(known->login->role), "%.*s",
		 SLICE_ARGUMENTS(columns[1].bytes));
	return 0;
}

/* -EACCES: no such account, or another password; both take as long. */
static int check_password(const struct request *request, struct login *login)
{
	SCOPED(known_done) struct known known = { .login = login };

	memcpy(known.hash, request->server->no_password, sizeof(known.hash));
	login->role[0] = '\0';
	int r = store_run(request->store,
			  "SELECT password, role FROM account WHERE name = $1 AND disabled IS NULL",
			  STORE_VALUES(store_text(login->account)), take_account, &known);

	if (r < 0)
		return r;
	return password_is(login->password, known.hash) && login->role[0] ? 0 : -EACCES;
}

static struct throttle *throttle_of_account(struct server *server, struct slice account)
{
	unsigned char digest[SHA256_SIZE];
	uint64_t source;

	sha256(account.at, account.length, digest);
	memcpy(&source, digest, sizeof(source));
	return throttle_of(&server->passwords, source);
}

/* A name that is nobody's may be a password that was typed in its place, and is not kept. */
static int note_refusal(const struct request *request, const struct login *login)
{
	struct slice name = login->role[0] ? login->account : SLICE("");
	int r = audit_add_refused(request->store, name);

	return r < 0 ? r : -EACCES;
}

bool login_is_possible(const struct login *login)
{
	return name_is_plain(login->account) && login->password.at &&
	       login->password.length <= PASSWORD_MAX;
}

int login_check(const struct request *request, struct login *login)
{
	uint64_t now_ns = monotonic_ns();

	if (!login_is_possible(login))
		return -EACCES;
	struct throttle *source = throttle_of(&request->server->logins, request->source);
	struct throttle *account = throttle_of_account(request->server, login->account);
	if (!throttle_has(source, now_ns, &login->wait_s) ||
	    !throttle_has(account, now_ns, &login->wait_s)) {
		counter_add(&request->server->counters, COUNTER_LOGIN_THROTTLED, 1);
		return -EACCES;
	}
	login->wait_s = 0;
	int r = check_password(request, login);
	if (r == -EACCES) {
		throttle_take(source, now_ns);
		throttle_take(account, now_ns);
		counter_add(&request->server->counters, COUNTER_LOGIN_REFUSED, 1);
		r = note_refusal(request, login);
	}
	return r;
}

static int drop_old_tokens(struct store *store, const struct login_token *token)
{
	int r = store_do(store, "DELETE FROM token WHERE expires <= $1",
			 STORE_VALUES(store_number(token->made_ns)));

	if (r < 0)
		return r;
	return store_do(store,
			"DELETE FROM token WHERE account = $1 AND digest NOT IN (SELECT digest"
			" FROM token WHERE account = $1 ORDER BY made DESC, digest LIMIT $2)",
			STORE_VALUES(store_text(token->account), store_number(LOGIN_TOKENS - 1)));
}

static int add_token(struct store *store, void *context)
{
	const struct login_token *token = context;
	int r = drop_old_tokens(store, token);

	if (r < 0)
		return r;
	r = store_do(
		store, "INSERT INTO token (digest, account, made, expires) VALUES ($1, $2, $3, $4)",
		STORE_VALUES(store_bytes(token->digest, SHA256_SIZE), store_text(token->account),
			     store_number(token->made_ns), store_number(token->expires_ns)));
	if (r < 0)
		return r;
	return audit_add(store, AUDIT_ACCOUNT(token->account),
			 (struct audit_deed){ AUDIT_LOGIN, token->account, SLICE("") });
}

int login_keep(const struct request *request, const struct login_token *token)
{
	int r = store_transact(request->store, add_token, (void *)(uintptr_t)token);

	if (r == 0)
		counter_add(&request->server->counters, COUNTER_LOGIN_ACCEPTED, 1);
	return r;
}

static int welcome(const struct request *request, const struct login *login, struct reply *reply)
{
	SCOPED(secret_done) struct buf text = BUF_MAX(TOKEN_TEXT_MAX);
	unsigned char secret[TOKEN_SIZE];
	int64_t now_ns = (int64_t)realtime_ns();
	struct login_token token = { .account = login->account,
				     .made_ns = now_ns,
				     .expires_ns = now_ns + (int64_t)LOGIN_NS };

	randombytes_buf(secret, sizeof(secret));
	sha256(secret, sizeof(secret), token.digest);
	base64url_write(secret, sizeof(secret), &text);
	sodium_memzero(secret, sizeof(secret));
	int r = login_keep(request, &token);
	if (r < 0)
		return r;
	struct buf *out = reply_object(reply, MHD_HTTP_OK);
	json_text(out, "token", buf_view(&text));
	moment_json(out, "expires", token.expires_ns);
	json_text(out, "role", slice_of(login->role));
	reply_object_end(reply);
	return 0;
}

int login_answer(const struct request *request, struct reply *reply)
{
	SCOPED(document_freep) json_t *document = document_read(request->body);
	struct login login = { .account = document_text(document, "account"),
			       .password = document_text(document, "password") };

	if (!login_is_possible(&login)) {
		reply_problem(reply, MHD_HTTP_BAD_REQUEST,
			      "a body is {\"account\": a name, \"password\": a text}");
		return 0;
	}
	int r = login_check(request, &login);
	if (r == -EACCES && login.wait_s > 0)
		reply_wait(reply, "too many passwords were wrong", login.wait_s);
	else if (r == -EACCES)
		reply_problem(reply, MHD_HTTP_FORBIDDEN, "account or password is not right");
	else if (r == 0)
		r = welcome(request, &login, reply);
	return r == -EACCES ? 0 : r;
}

int logout_answer(const struct request *request, struct reply *reply)
{
	reply->status = MHD_HTTP_NO_CONTENT;
	return store_do(request->store, "DELETE FROM token WHERE digest = $1",
			STORE_VALUES(store_bytes(request->person.token, SHA256_SIZE)));
}
