/* SPDX-License-Identifier: MIT */
/* What a person who is logged in asks the server about a bundle. */
#ifndef TOOLS_REMOTE_VISIT_H
#define TOOLS_REMOTE_VISIT_H

#include <jansson.h>

#include "tools/remote/remote.h"
#include "tools/remote/session.h"

#define VISIT_NO         1 /* beside 0 and negative errnos: the server, or a check, says no */
#define VISIT_ANSWER_MAX (32 * MIB)
#define VISIT_PATH_MAX   256u
#define VISIT_TIMEOUT_MS 60000

#define STATUS_OK            200u
#define STATUS_CREATED       201u
#define STATUS_UNAUTHORIZED  401u
#define STATUS_CONFLICT      409u
#define STATUS_UNPROCESSABLE 422u

struct visit {
	struct session session;
	struct remote *remote;
	const char *bundle;
	struct remote_answer answer; /* to what was asked last */
};

#define VISIT_NONE                                                                                 \
	{                                                                                          \
		.remote = NULL, .answer = REMOTE_ANSWER(VISIT_ANSWER_MAX)                          \
	}

void visit_done(struct visit *visit);

/* Begins one about `bundle`, which NULL leaves to the log-in.  -ENOENT: nobody is logged in. */
must_use int visit_open(const char *bundle, struct visit *ret_visit, struct error *error);

/* Asks for `path` below the bundle's place ("/drafts"), or for one that begins with "/v1/" as it is, which `format` makes: GET, or POST where there
 * is a body.  0 with the answer, for json_decref, to a request that went well; VISIT_NO, with `error` and
 * `answer`, when the server refused it. */
must_use int visit_get(struct visit *visit, json_t **ret_document, struct error *error,
		       const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Likewise an answer that is no JSON, which is there until the next question. */
must_use int visit_get_text(struct visit *visit, struct slice *ret_text, struct error *error,
			    const char *format, ...) __attribute__((format(printf, 4, 5)));
must_use int visit_post(struct visit *visit, const char *path, struct slice body,
			json_t **ret_document, struct error *error);

/* The status with which a command ends, which says `error` unless `r` is 0. */
int visit_end(const char *command, int r, const struct error *error);

#endif
