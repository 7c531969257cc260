/* SPDX-License-Identifier: MIT */
/* Log-ins by browser: a cookie with 256 random bits, of which the server keeps a digest beside those of
 * tokens.  The digest is of other bytes than a token's, so that a cookie is never taken for a token, nor
 * a token for a cookie. */
#ifndef TOOLS_SERVER_PAGES_SESSION_H
#define TOOLS_SERVER_PAGES_SESSION_H

#include "common/clock.h"
#include "tools/server/api/login.h"
#include "tools/server/people/token.h"

#define SESSION_COOKIE  "__Host-session" /* RFC 6265bis, 4.1.3.2: of this host alone, by TLS alone */
#define SESSION_IDLE_NS (2 * 3600 * SECOND_NS) /* after which nobody uses it */
#define SESSION_MAX_NS  LOGIN_NS
#define SESSION_TEXT    44u /* 32 bytes in base64url, and a NUL */

struct session {
	struct person person; /* whose it is; its token is the cookie's digest */
	char form
		[SESSION_TEXT]; /* what its forms bring back, so that no other site can send them */
};

/* Begins one, and sets the cookie. */
must_use int session_begin(const struct request *request, struct slice account,
			   struct reply *reply);

/* Whose cookie came; that it is used is written down now and then.  -EACCES: nobody's, or one that is
 * over, or that of an account which is disabled. */
must_use int session_recognise(const struct request *request, struct session *ret_session);

/* Ends it, and takes the cookie back. */
must_use int session_end(const struct request *request, const struct session *session,
			 struct reply *reply);

/* Whether the request comes from a page of this server: the browser says so of itself (Sec-Fetch-Site),
 * or names the server as its origin.  One that says neither is none of ours. */
bool session_is_own_site(const struct request *request);

/* Whether `shown` is what the session's forms bring back. */
bool session_is_own_form(const struct session *session, struct slice shown);

#endif
