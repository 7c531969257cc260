/* SPDX-License-Identifier: MIT */
#include "tools/server/pages/session.h"

#include <errno.h>
#include <microhttpd.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "control/base64.h"
#include "tools/server/http/http.h"
#include "tools/server/people/scope.h"

#define ATTRIBUTES  "; Path=/; Secure; HttpOnly; SameSite=Lax"
#define COOKIE_MAX  256u
#define ROOM_SIZE   64u /* for base64, which has padding until it is cut off */
#define ORIGIN_MAX  300u
#define NOTE_NS     (60 * SECOND_NS) /* how exact the time of its last use is */
#define DIGEST_WORD "chaperone session"
#define FORM_WORD   "chaperone form"

static void digest_of(const unsigned char secret[TOKEN_SIZE], unsigned char ret_digest[SHA256_SIZE])
{
	sha256_hmac(DIGEST_WORD, strlen(DIGEST_WORD), secret, TOKEN_SIZE, ret_digest);
}

static int form_of(const unsigned char secret[TOKEN_SIZE], char ret_form[SESSION_TEXT])
{
	unsigned char proof[SHA256_SIZE];
	char room[ROOM_SIZE];
	struct buf text = BUF_OVER(room);

	sha256_hmac(secret, TOKEN_SIZE, FORM_WORD, strlen(FORM_WORD), proof);
	base64url_write(proof, sizeof(proof), &text);
	snprintf(ret_form, SESSION_TEXT, "%s", buf_text(&text));
	return text.failed;
}

static void set_cookie(struct reply *reply, const char *value, const char *more)
{
	char cookie[COOKIE_MAX];

	snprintf(cookie, sizeof(cookie), SESSION_COOKIE "=%s" ATTRIBUTES "%s", value, more);
	reply_header(reply, MHD_HTTP_HEADER_SET_COOKIE, slice_of(cookie));
	sodium_memzero(cookie, sizeof(cookie));
}

int session_begin(const struct request *request, struct slice account, struct reply *reply)
{
	unsigned char secret[TOKEN_SIZE];
	char room[ROOM_SIZE];
	struct buf text = BUF_OVER(room);
	int64_t now_ns = (int64_t)realtime_ns();
	struct login_token token = { .account = account,
				     .made_ns = now_ns,
				     .expires_ns = now_ns + (int64_t)SESSION_IDLE_NS };

	randombytes_buf(secret, sizeof(secret));
	digest_of(secret, token.digest);
	int r = login_keep(request, &token);
	base64url_write(secret, sizeof(secret), &text);
	if (r == 0)
		r = text.failed;
	if (r == 0)
		set_cookie(reply, buf_text(&text), "");
	sodium_memzero(secret, sizeof(secret));
	sodium_memzero(room, sizeof(room));
	return r;
}

/* The row of a session. */
struct row {
	struct session *session;
	int64_t made_ns, expires_ns;
};

static int take(void *context, const struct store_value *columns, size_t count)
{
	struct row *row = context;
	struct person *person = &row->session->person;

	(void)count;
	snprintf(person->account, sizeof(person->account), "%.*s",
		 SLICE_ARGUMENTS(columns[0].bytes));
	person->role = person_role(columns[1].bytes);
	person->scopes = SCOPES_OF_LOGIN;
	snprintf(person->actor, sizeof(person->actor), "%s", person->account);
	row->made_ns = columns[2].number;
	row->expires_ns = columns[3].number;
	return 0;
}

/* It ends some time after its last use, and never later than a log-in may last. */
static int note_use(struct store *store, const struct row *row, int64_t now_ns)
{
	int64_t end_ns = row->made_ns + (int64_t)SESSION_MAX_NS;
	int64_t idle_ns = now_ns + (int64_t)SESSION_IDLE_NS;
	int64_t expires_ns = idle_ns < end_ns ? idle_ns : end_ns;

	if (expires_ns - row->expires_ns < (int64_t)NOTE_NS)
		return 0;
	return store_do(store, "UPDATE token SET expires = $1 WHERE digest = $2",
			STORE_VALUES(store_number(expires_ns),
				     store_bytes(row->session->person.token, SHA256_SIZE)));
}

static int read_cookie(const struct request *request, struct session *session)
{
	struct slice shown = http_cookie(request, SESSION_COOKIE);
	unsigned char secret[TOKEN_SIZE];
	size_t length;

	if (!shown.at || base64url_read(shown, secret, sizeof(secret), &length) < 0 ||
	    length != sizeof(secret))
		return -EACCES;
	digest_of(secret, session->person.token);
	int r = form_of(secret, session->form);
	sodium_memzero(secret, sizeof(secret));
	return r;
}

int session_recognise(const struct request *request, struct session *ret_session)
{
	int64_t now_ns = (int64_t)realtime_ns();
	struct row row = { .session = ret_session };

	*ret_session = (struct session){ .form = "" };
	int r = read_cookie(request, ret_session);
	if (r < 0)
		return r;
	r = store_run(
		request->store,
		"SELECT account.name, account.role, token.made, token.expires FROM token"
		" JOIN account ON account.name = token.account"
		" WHERE token.digest = $1 AND token.expires > $2 AND account.disabled IS NULL",
		STORE_VALUES(store_bytes(ret_session->person.token, SHA256_SIZE),
			     store_number(now_ns)),
		take, &row);
	if (r < 0)
		return r;
	return ret_session->person.role ? note_use(request->store, &row, now_ns) : -EACCES;
}

int session_end(const struct request *request, const struct session *session, struct reply *reply)
{
	set_cookie(reply, "", "; Max-Age=0");
	return store_do(request->store, "DELETE FROM token WHERE digest = $1",
			STORE_VALUES(store_bytes(session->person.token, SHA256_SIZE)));
}

static bool is_own_origin(const struct request *request, struct slice origin)
{
	struct slice host = http_header(request, MHD_HTTP_HEADER_HOST);
	char own[ORIGIN_MAX];

	if (host.length + strlen("https://") >= sizeof(own))
		return false;
	snprintf(own, sizeof(own), "https://%.*s", SLICE_ARGUMENTS(host));
	return slice_is(origin, own);
}

bool session_is_own_site(const struct request *request)
{
	struct slice site = http_header(request, "Sec-Fetch-Site");
	struct slice origin = http_header(request, MHD_HTTP_HEADER_ORIGIN);

	if (site.at && !slice_is(site, "same-origin"))
		return false;
	if (origin.at && !is_own_origin(request, origin))
		return false;
	return site.at || origin.at;
}

bool session_is_own_form(const struct session *session, struct slice shown)
{
	return shown.length == SESSION_TEXT - 1 &&
	       sodium_memcmp(shown.at, session->form, SESSION_TEXT - 1) == 0;
}
