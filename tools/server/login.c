/* SPDX-License-Identifier: MIT */
#include "tools/server/login.h"

#include <errno.h>
#include <microhttpd.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "control/base64.h"
#include "tools/command/json.h"
#include "tools/command/document.h"
#include "tools/command/password.h"
#include "tools/server/audit.h"
#include "tools/server/moment.h"
#include "tools/server/password.h"
#include "tools/server/server.h"
#include "tools/server/token.h"

#define TOKEN_TEXT_MAX 64u

/* Who logs in. */
struct visitor {
	struct slice account, password;
	char role[NAME_PLAIN_MAX + 1];
	char hash[PASSWORD_HASH_SIZE];
	unsigned char token[TOKEN_SIZE];
	int64_t now_ns;
};

static void visitor_done(struct visitor *visitor)
{
	sodium_memzero(visitor, sizeof(*visitor));
}

static int take_account(void *context, const struct store_value *columns, size_t count)
{
	struct visitor *visitor = context;

	(void)count;
	snprintf(visitor->hash, sizeof(visitor->hash), "%.*s", SLICE_ARGUMENTS(columns[0].bytes));
	snprintf(visitor->role, sizeof(visitor->role), "%.*s", SLICE_ARGUMENTS(columns[1].bytes));
	return 0;
}

/* -EACCES: no such account, or another password; both take as long. */
static int check_password(const struct request *request, struct visitor *visitor)
{
	memcpy(visitor->hash, request->server->no_password, sizeof(visitor->hash));
	int r = store_run(request->store,
			  "SELECT password, role FROM account WHERE name = $1 AND disabled IS NULL",
			  STORE_VALUES(store_text(visitor->account)), take_account, visitor);

	if (r < 0)
		return r;
	return password_is(visitor->password, visitor->hash) && visitor->role[0] ? 0 : -EACCES;
}

static int drop_old_tokens(struct store *store, const struct visitor *visitor)
{
	int r = store_do(store, "DELETE FROM token WHERE expires <= $1",
			 STORE_VALUES(store_number(visitor->now_ns)));

	if (r < 0)
		return r;
	return store_do(store,
			"DELETE FROM token WHERE account = $1 AND digest NOT IN (SELECT digest"
			" FROM token WHERE account = $1 ORDER BY made DESC, digest LIMIT $2)",
			STORE_VALUES(store_text(visitor->account), store_number(LOGIN_TOKENS - 1)));
}

static int add_token(struct store *store, void *context)
{
	struct visitor *visitor = context;
	unsigned char digest[SHA256_SIZE];
	int r = drop_old_tokens(store, visitor);

	if (r < 0)
		return r;
	sha256(visitor->token, sizeof(visitor->token), digest);
	r = store_do(store,
		     "INSERT INTO token (digest, account, made, expires) VALUES ($1, $2, $3, $4)",
		     STORE_VALUES(store_bytes(digest, sizeof(digest)), store_text(visitor->account),
				  store_number(visitor->now_ns),
				  store_number(visitor->now_ns + (int64_t)LOGIN_NS)));
	if (r < 0)
		return r;
	return audit_add(store, AUDIT_ACCOUNT(visitor->account),
			 (struct audit_deed){ AUDIT_LOGIN, visitor->account, SLICE("") });
}

static int welcome(const struct request *request, struct visitor *visitor, struct reply *reply)
{
	SCOPED(secret_done) struct buf token = BUF_MAX(TOKEN_TEXT_MAX);
	char expires[MOMENT_SIZE];

	visitor->now_ns = (int64_t)realtime_ns();
	randombytes_buf(visitor->token, sizeof(visitor->token));
	int r = store_transact(request->store, add_token, visitor);
	if (r < 0)
		return r;
	counter_add(&request->server->counters, COUNTER_LOGIN_ACCEPTED, 1);
	base64url_write(visitor->token, sizeof(visitor->token), &token);
	moment_text(visitor->now_ns + (int64_t)LOGIN_NS, expires);
	struct buf *out = reply_object(reply, MHD_HTTP_OK);
	json_text(out, "token", buf_view(&token));
	json_text(out, "expires", slice_of(expires));
	json_text(out, "role", slice_of(visitor->role));
	reply_object_end(reply);
	return 0;
}

/* A name that is nobody's may be a password that was typed in its place, and is not kept. */
static int refuse(const struct request *request, const struct visitor *visitor, struct reply *reply)
{
	reply_problem(reply, MHD_HTTP_FORBIDDEN, "account or password is not right");
	struct slice name = visitor->role[0] ? visitor->account : SLICE("");
	return audit_add_refused(request->store, name);
}

static struct throttle *throttle_of_account(struct server *server, struct slice account)
{
	unsigned char digest[SHA256_SIZE];
	uint64_t source;

	sha256(account.at, account.length, digest);
	memcpy(&source, digest, sizeof(source));
	return throttle_of(&server->passwords, source);
}

int login_answer(const struct request *request, struct reply *reply)
{
	SCOPED(document_freep) json_t *document = document_read(request->body);
	SCOPED(visitor_done)
	struct visitor visitor = { .account = document_text(document, "account"),
				   .password = document_text(document, "password") };
	uint64_t now_ns = monotonic_ns(), wait_s;

	if (!name_is_plain(visitor.account) || !visitor.password.at ||
	    visitor.password.length > PASSWORD_MAX) {
		reply_problem(reply, MHD_HTTP_BAD_REQUEST,
			      "a body is {\"account\": a name, \"password\": a text}");
		return 0;
	}
	struct throttle *source = throttle_of(&request->server->logins, request->source);
	struct throttle *account = throttle_of_account(request->server, visitor.account);
	if (!throttle_has(source, now_ns, &wait_s) || !throttle_has(account, now_ns, &wait_s)) {
		counter_add(&request->server->counters, COUNTER_LOGIN_THROTTLED, 1);
		reply_wait(reply, "too many passwords were wrong", wait_s);
		return 0;
	}
	int r = check_password(request, &visitor);
	if (r == -EACCES) {
		throttle_take(source, now_ns);
		throttle_take(account, now_ns);
		counter_add(&request->server->counters, COUNTER_LOGIN_REFUSED, 1);
		return refuse(request, &visitor, reply);
	}
	return r < 0 ? r : welcome(request, &visitor, reply);
}

int logout_answer(const struct request *request, struct reply *reply)
{
	reply->status = MHD_HTTP_NO_CONTENT;
	return store_do(request->store, "DELETE FROM token WHERE digest = $1",
			STORE_VALUES(store_bytes(request->person.token, SHA256_SIZE)));
}
