/* SPDX-License-Identifier: MIT */
#include "tools/server/api/enrolment.h"

#include <errno.h>
#include <microhttpd.h>
#include <sodium.h>
#include <stdio.h>

#include "common/clock.h"
#include "control/base64.h"
#include "tools/server/people/audit.h"
#include "tools/server/people/author.h"
#include "control/name.h"
#include "tools/command/json.h"
#include "tools/command/document.h"
#include "tools/server/api/roots.h"
#include "tools/server/http/server.h"
#include "tools/server/people/token.h"

#define KEY_TEXT_MAX (1 * KIB)

int enrolment_offer(struct store *store, struct audit_actor actor, struct slice bundle,
		    struct enrolment_code *code, int64_t *ret_expires_ns)
{
	unsigned char digest[SHA256_SIZE];
	int64_t now_ns = (int64_t)realtime_ns();
	int64_t expires_ns = now_ns + (int64_t)ENROLMENT_CODE_NS;

	randombytes_buf(code->secret, sizeof(code->secret));
	sha256(code->secret, sizeof(code->secret), digest);
	int r = store_do(store,
			 "INSERT INTO enrolment_code (digest, bundle, made, expires)"
			 " VALUES ($1, $2, $3, $4)",
			 STORE_VALUES(store_bytes(digest, sizeof(digest)), store_text(bundle),
				      store_number(now_ns), store_number(expires_ns)));
	if (r == 0)
		r = audit_add(store, actor, (struct audit_deed){ AUDIT_CODE, bundle, SLICE("") });
	if (r == 0)
		*ret_expires_ns = expires_ns;
	return r;
}

/* A machine that enrols. */
struct newcomer {
	unsigned char code_digest[SHA256_SIZE];
	struct slice host;
	char bundle[NAME_PLAIN_MAX + 1];
	char id[2 * AGENT_ID_SIZE + 1];
	unsigned char token[TOKEN_SIZE];
	unsigned char chain_key[ENROLMENT_KEY_SIZE];
};

static void newcomer_done(struct newcomer *newcomer)
{
	sodium_memzero(newcomer, sizeof(*newcomer));
}

static int take_bundle(void *context, const struct store_value *columns, size_t count)
{
	(void)count;
	snprintf(context, NAME_PLAIN_MAX + 1, "%.*s", SLICE_ARGUMENTS(columns[0].bytes));
	return 0;
}

/* The code is gone with the first who uses it, be it on another replica. */
static int use_code(struct store *store, struct newcomer *newcomer)
{
	struct store_value digest = store_bytes(newcomer->code_digest, SHA256_SIZE);
	struct store_value now = store_number((int64_t)realtime_ns());
	int r = store_run(store,
			  "SELECT bundle FROM enrolment_code WHERE digest = $1 AND expires > $2",
			  STORE_VALUES(digest, now), take_bundle, newcomer->bundle);

	if (r < 0)
		return r;
	r = store_run(store, "DELETE FROM enrolment_code WHERE digest = $1 AND expires > $2",
		      STORE_VALUES(digest, now), NULL, NULL);
	return r < 0 ? r : r == 0 ? -EACCES : 0;
}

static int add_agent(struct store *store, const struct newcomer *newcomer)
{
	unsigned char digest[SHA256_SIZE];

	sha256(newcomer->token, sizeof(newcomer->token), digest);
	return store_do(store,
			"INSERT INTO agent (id, host, bundle, token_digest, chain_key, enrolled)"
			" VALUES ($1, $2, $3, $4, $5, $6)",
			STORE_VALUES(store_text(slice_of(newcomer->id)), store_text(newcomer->host),
				     store_text(slice_of(newcomer->bundle)),
				     store_bytes(digest, sizeof(digest)),
				     store_bytes(newcomer->chain_key, ENROLMENT_KEY_SIZE),
				     store_number((int64_t)realtime_ns())));
}

static int enrol(struct store *store, void *context)
{
	struct newcomer *newcomer = context;
	int r = use_code(store, newcomer);

	if (r == 0)
		r = add_agent(store, newcomer);
	if (r == 0)
		r = roots_note_first(store, slice_of(newcomer->id));
	if (r < 0)
		return r;
	return audit_add(
		store, AUDIT_MACHINE(slice_of(newcomer->id)),
		(struct audit_deed){ AUDIT_ENROL, newcomer->host, slice_of(newcomer->bundle) });
}

static void add_key(struct buf *out, const char *name, const struct verifying_key *key)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(KEY_TEXT_MAX);

	verifying_key_write(key, &text);
	json_text(out, name, buf_view(&text));
}

static void add_base64(struct buf *out, const char *name, const void *bytes, size_t length)
{
	SCOPED(secret_done) struct buf text = BUF_MAX(KEY_TEXT_MAX);

	base64url_write(bytes, length, &text);
	json_text(out, name, buf_view(&text));
}

static int add_author(void *context, const struct store_value *columns, size_t count)
{
	(void)count;
	json_text(context, NULL, columns[0].bytes);
	return 0;
}

/* What the machine keeps: who it is, and whom it believes. */
static int welcome(const struct request *request, const struct newcomer *newcomer,
		   struct reply *reply)
{
	struct buf *out = reply_object(reply, MHD_HTTP_CREATED);
	uint64_t threshold;

	json_text(out, "agent", slice_of(newcomer->id));
	add_base64(out, "token", newcomer->token, sizeof(newcomer->token));
	add_base64(out, "chain_key", newcomer->chain_key, sizeof(newcomer->chain_key));
	json_text(out, "server", slice_of(request->server->name));
	json_text(out, "bundle", slice_of(newcomer->bundle));
	add_key(out, "freshness_key", &request->server->freshness.verifying);
	add_key(out, "log_key", &request->server->log.verifying);
	json_open(out, "author_keys", '[');
	int r = store_run(request->store, "SELECT verifier FROM author ORDER BY verifier",
			  STORE_NO_VALUES, add_author, out);
	json_close(out, ']');
	if (r == 0)
		r = author_threshold(request->store, &threshold);
	if (r == 0)
		json_number(out, "author_threshold", threshold);
	if (r == 0)
		r = roots_add_note(request->store, out);
	reply_object_end(reply);
	return r;
}

/* -EINVAL for a request that is none. */
static int read_newcomer(const json_t *document, struct newcomer *newcomer)
{
	unsigned char secret[CODE_SECRET_SIZE];
	size_t length;

	newcomer->host = document_text(document, "host");
	if (base64url_read(document_text(document, "code"), secret, sizeof(secret), &length) < 0 ||
	    length != sizeof(secret) || !name_is_host(newcomer->host))
		return -EINVAL;
	sha256(secret, sizeof(secret), newcomer->code_digest);
	sodium_memzero(secret, sizeof(secret));
	return 0;
}

static void make_secrets(struct newcomer *newcomer)
{
	unsigned char id[AGENT_ID_SIZE];

	randombytes_buf(id, sizeof(id));
	sodium_bin2hex(newcomer->id, sizeof(newcomer->id), id, sizeof(id));
	randombytes_buf(newcomer->token, sizeof(newcomer->token));
	randombytes_buf(newcomer->chain_key, sizeof(newcomer->chain_key));
}

int enrolment_answer(const struct request *request, struct reply *reply)
{
	SCOPED(document_freep) json_t *document = document_read(request->body);
	SCOPED(newcomer_done) struct newcomer newcomer = { .bundle = "" };
	struct throttle *throttle = throttle_of(&request->server->enrolments, request->source);
	uint64_t wait_s;

	if (!throttle_has(throttle, monotonic_ns(), &wait_s)) {
		counter_add(&request->server->counters, COUNTER_ENROLMENT_THROTTLED, 1);
		reply_wait(reply, "too many codes were wrong", wait_s);
		return 0;
	}
	if (!document || read_newcomer(document, &newcomer) < 0) {
		reply_problem(reply, MHD_HTTP_BAD_REQUEST,
			      "a body is {\"code\": the code's first part, \"host\": a name}");
		return 0;
	}
	make_secrets(&newcomer);
	int r = store_transact(request->store, enrol, &newcomer);
	if (r == -EACCES) {
		throttle_take(throttle, monotonic_ns());
		counter_add(&request->server->counters, COUNTER_ENROLMENT_REFUSED, 1);
		reply_problem(
			reply, MHD_HTTP_FORBIDDEN,
			"the code is unknown, used or older than 15 minutes: ask for a new one");
		return 0;
	}
	if (r < 0)
		return r;
	counter_add(&request->server->counters, COUNTER_ENROLMENT_ACCEPTED, 1);
	return welcome(request, &newcomer, reply);
}
