/* SPDX-License-Identifier: MIT */
/* What the server answers. */
#ifndef TOOLS_SERVER_REPLY_H
#define TOOLS_SERVER_REPLY_H

#include "common/buf.h"

#define REPLY_BODY_MAX (16 * MIB)

struct reply {
	unsigned int status; /* RFC 9110 */
	const char *type;    /* of the body */
	struct buf body;
	bool closes; /* the connection is of no use any more */
};

#define REPLY_EMPTY                                                                                \
	{                                                                                          \
		.body = BUF_MAX(REPLY_BODY_MAX)                                                    \
	}

void reply_done(struct reply *reply);

/* The reply becomes this text. */
void reply_text(struct reply *reply, unsigned int status, const char *text);

/* The reply becomes a problem (RFC 9457), whose title is the status's own.  `detail` says what to do
 * about it; it may be NULL. */
void reply_problem(struct reply *reply, unsigned int status, const char *detail);

#endif
