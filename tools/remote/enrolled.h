/* SPDX-License-Identifier: MIT */
/* What a machine keeps of its enrolment: which server it is, who the machine is to it, and whose
 * signatures are believed.  One file, which its owner alone may read, and another one from when others are to be believed. */
#ifndef TOOLS_REMOTE_ENROLLED_H
#define TOOLS_REMOTE_ENROLLED_H

#include <limits.h>

#include "common/error.h"
#include "common/sha256.h"
#include "control/root.h"

#define ENROLLED_URL_MAX    1024u
#define ENROLLED_NAME_MAX   253u
#define ENROLLED_TOKEN_MAX  128u
#define ENROLLED_FOLDER_DIR "chaperone/server" /* below a user's folder for state */
#define ENROLLED_OF_ROOT    "/var/lib/chaperone/server"

struct enrolled {
	char folder[PATH_MAX];
	char url[ENROLLED_URL_MAX];
	unsigned char key_hash[SHA256_SIZE]; /* of the server's key */
	char server[ENROLLED_NAME_MAX + 1];
	char agent[ENROLLED_NAME_MAX + 1]; /* who the machine is */
	char bundle[ENROLLED_NAME_MAX + 1];
	char token[ENROLLED_TOKEN_MAX];
	struct verifying_key freshness, log;
	struct root root;     /* whose signatures make a policy */
	struct buf root_text; /* into which it points; empty for the keys of the enrolment */
	/* of the release that was held when the root changed, which its own authors had signed; zero: none */
	unsigned char held_digest[SHA256_SIZE];
};

/* Wipes the secrets; frees the rest. */
void enrolled_done(struct enrolled *enrolled);

/* Where it is kept: `option` unless NULL, else $XDG_STATE_HOME/chaperone/server, else root's or the
 * user's place. */
must_use int enrolled_folder(const char *option, char ret_folder[PATH_MAX], struct error *error);

/* Keeps what the server answered to an enrolment ("POST /v1/enroll").  -EPROTO for an answer that is
 * not complete. */
must_use int enrolled_keep(const char *folder, const char *url,
			   const unsigned char key_hash[SHA256_SIZE], struct slice answer,
			   struct enrolled *ret_enrolled, struct error *error);

/* Reads it again.  -ENOENT: the machine is not enrolled. */
must_use int enrolled_read(const char *folder, struct enrolled *ret_enrolled, struct error *error);

/* Takes the folder for whoever keeps something there, and reads again what others kept of it since.  0: the
 * descriptor is the folder's until it is closed.  -ESTALE: the machine was enrolled anew, so that what this
 * enrolment's server says counts no more. */
must_use int enrolled_lock(struct enrolled *enrolled, int *ret_lock, struct error *error);

/* Takes the note of the root that follows the one in force, and keeps it.  `held_digest`: of the release
 * that is held.  Where another process has followed it already, what that one kept is in force.  -EBADMSG: it does
 * not follow, or too few have signed it; `error` says which, and what is in force and kept stays as it is.
 * -ESTALE as enrolled_lock. */
must_use int enrolled_follow(struct enrolled *enrolled, struct slice message,
			     const unsigned char held_digest[SHA256_SIZE], struct error *error);

/* Whether anything is kept there, be it readable or not. */
bool enrolled_is(const char *folder);

#endif
