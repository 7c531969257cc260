/* SPDX-License-Identifier: MIT */
/* A person's log-in, as `chaperone login` keeps it: login.json, in chaperone/ below the folder of the
 * user's configuration, for the user alone. */
#ifndef TOOLS_REMOTE_SESSION_H
#define TOOLS_REMOTE_SESSION_H

#include "common/error.h"
#include "common/sha256.h"
#include "control/name.h"
#include "tools/remote/enrolled.h"

#define SESSION_TIME_MAX 64u
#define SESSION_BUNDLE   "default" /* where neither the machine nor anybody says another */

struct session {
	char url[ENROLLED_URL_MAX];
	unsigned char key_hash[SHA256_SIZE]; /* of the server's key */
	char account[NAME_PLAIN_MAX + 1], role[NAME_PLAIN_MAX + 1];
	char bundle[NAME_PLAIN_MAX + 1]; /* that commands are about which name none */
	char token[ENROLLED_TOKEN_MAX];
	char expires[SESSION_TIME_MAX]; /* as the server says; it is the one who decides */
};

/* Wipes the token. */
void session_done(struct session *session);

/* Completes `session`, of which URL, hash, account and bundle are there, by the server's answer ("POST
 * /v1/login"), and keeps it.  -EPROTO for an answer that is not complete. */
must_use int session_keep(struct slice answer, struct session *session, struct error *error);

/* -ENOENT: nobody is logged in. */
must_use int session_read(struct session *ret_session, struct error *error);

/* Remembers the note of the authors' root that was last known to be the server's, in authors.json beside the
 * log-in, which it outlives. */
must_use int session_authors_keep(const struct session *session, struct slice note,
				  struct error *error);

/* Appends it to `note`.  -ENOENT, without `error`: none of that server's is known. */
must_use int session_authors_read(const struct session *session, struct buf *note,
				  struct error *error);

/* Lets go of the log-in; there may be none. */
must_use int session_drop(struct error *error);

#endif
