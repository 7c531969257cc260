/* SPDX-License-Identifier: MIT */
/* Requests to the server, over HTTPS with libcurl.  The server is known by the hash of its key and by
 * nothing else: whatever a certificate says, and whoever signed it, a server with another key is not
 * asked anything. */
#ifndef TOOLS_REMOTE_REMOTE_H
#define TOOLS_REMOTE_REMOTE_H

#include "common/buf.h"
#include "common/error.h"
#include "common/sha256.h"

#define REMOTE_HEADERS_MAX  (16 * KIB)
#define REMOTE_REQUEST_HEAD 8u /* headers of a request */
#define REMOTE_CONNECT_MS   10000

struct remote;

/* Opens what requests to `url` ("https://HOST[:PORT]", and a path that goes before all others) are
 * sent with; nothing is connected yet.  `key_hash`: of the server's SubjectPublicKeyInfo in DER.
 * `token`, unless NULL, is shown with each.  -EINVAL for a URL that is none. */
must_use int remote_open(const char *url, const unsigned char key_hash[SHA256_SIZE],
			 const char *token, struct remote **ret_remote, struct error *error);
void remote_close(struct remote *remote);
DEFINE_FREEP(struct remote, remote_closep, remote_close)

struct remote_request {
	const char *method;                           /* "GET", "POST" */
	const char *path;                             /* "/v1/agent" */
	const char *headers[REMOTE_REQUEST_HEAD + 1]; /* "Name: value"; the last is NULL */
	struct slice body;
	long timeout_ms; /* from the first byte to the last */
	/* asked about once a second; true ends the request.  NULL: nobody interrupts */
	bool (*is_over)(const void *context);
	const void *context;
};

struct remote_answer {
	unsigned int status;
	struct buf headers, body;
};

#define REMOTE_ANSWER(body_max)                                                                    \
	{                                                                                          \
		.headers = BUF_MAX(REMOTE_HEADERS_MAX), .body = BUF_MAX(body_max)                  \
	}

void remote_answer_done(struct remote_answer *answer);

/* Asks, and takes whatever status comes back.  -ECONNREFUSED, -ETIMEDOUT, -EHOSTUNREACH: no answer;
 * -EKEYREJECTED: another server's key; -E2BIG: an answer longer than what `ret_answer` takes; -EPROTO:
 * none that is HTTP; -ECANCELED: is_over said so.  `error` tells a person. */
must_use int remote_ask(struct remote *remote, const struct remote_request *request,
			struct remote_answer *ret_answer, struct error *error);

/* The value of a header; `at` is NULL when there is none. */
struct slice remote_header(const struct remote_answer *answer, const char *name);

/* Puts what the server said against a request into `error`: its problem's detail (RFC 9457), else the
 * status.  Returns -EACCES for 401 and 403, -EAGAIN for 429 and those from 500 on, else -EINVAL. */
int remote_refused(const struct remote_answer *answer, struct error *error);

#endif
