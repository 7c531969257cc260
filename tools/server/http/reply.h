/* SPDX-License-Identifier: MIT */
/* What the server answers. */
#ifndef TOOLS_SERVER_HTTP_REPLY_H
#define TOOLS_SERVER_HTTP_REPLY_H

#include "common/buf.h"
#include "tools/server/http/holds.h"

#define REPLY_BODY_MAX    (32 * MIB)
#define REPLY_HEADERS_MAX 16u
#define REPLY_HEADER_MAX  (4 * KIB) /* of a value */
#define REPLY_WHY_SIZE    256u

struct reply_header {
	const char *name;
	struct buf value;
};

struct reply {
	unsigned int status; /* RFC 9110 */
	const char *type;    /* of the body; NULL: there is none */
	struct buf body;
	struct reply_header headers[REPLY_HEADERS_MAX];
	size_t header_count;
	bool closes;              /* the connection is of no use any more */
	char why[REPLY_WHY_SIZE]; /* what whoever runs the server is told, and nobody else */
	struct hold
		hold; /* where it has a time, there is no answer yet: the route is asked again */
};

#define REPLY_EMPTY                                                                                \
	{                                                                                          \
		.body = BUF_MAX(REPLY_BODY_MAX)                                                    \
	}

void reply_done(struct reply *reply);

/* Adds a header; `name` is a literal. */
void reply_header(struct reply *reply, const char *name, struct slice value);

/* The reply becomes this text. */
void reply_text(struct reply *reply, unsigned int status, const char *text);

/* Begins and ends a body that is one JSON object, written in between (tools/command/json.h). */
struct buf *reply_object(struct reply *reply, unsigned int status);
void reply_object_end(struct reply *reply);

/* The reply becomes a problem (RFC 9457), whose title is the status's own.  `detail` says what to do
 * about it; it may be NULL. */
void reply_problem(struct reply *reply, unsigned int status, const char *detail);

/* As reply_problem, of a trouble in the server: `why` is for whoever runs it. */
void reply_failure(struct reply *reply, unsigned int status, const char *detail, const char *why);

/* Whether `code` is a trouble of the database that passes: 503, and not 500. */
bool reply_trouble_passes(int code);
#define REPLY_NO_DATABASE "the database does not answer: try again in a while"

/* As reply_problem, but of more members, until reply_object_end. */
struct buf *reply_problem_open(struct reply *reply, unsigned int status, const char *detail);

/* What a route says to an error that is the asker's. */
struct reply_case {
	int code; /* a negative errno, none that a database may say of itself (store.h) */
	unsigned int status;
	const char *detail;
};

/* The reply becomes the problem of `code`, and 0 comes back; `code` itself where no case is of it. */
must_use int reply_by_case(struct reply *reply, const struct reply_case *cases, size_t count,
			   int code);

/* The problem 429: `what` happened too often, and there is another try in `wait_s`, which
 * Retry-After says too. */
void reply_wait(struct reply *reply, const char *what, uint64_t wait_s);

#endif
