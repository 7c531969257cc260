/* SPDX-License-Identifier: MIT */
/* Whose signatures make policies, and how that changes: roots (control/root.h), which machines walk one by
 * one. */
#ifndef TOOLS_SERVER_API_ROOTS_H
#define TOOLS_SERVER_API_ROOTS_H

#include "control/root.h"
#include "tools/server/http/route.h"

#define ROOTS_BODY_MAX   (512 * KIB)
#define ROOTS_DRAFTS_MAX 100u /* of one account */

struct roots_current {
	struct root root; /* of version 0 where none was signed: of today's authors and setting */
	struct buf text;  /* into which it points */
};

#define ROOTS_CURRENT                                                                              \
	{                                                                                          \
		.text = BUF_MAX(ROOT_TEXT_MAX)                                                     \
	}

/* Reads the newest root.  `server`: the server's name, which lives as long.  -EIO for one that is none. */
must_use int roots_read(struct store *store, const char *server, struct roots_current *current);
void roots_current_done(struct roots_current *current);

/* Appends the lines of the policies in force, which the next root has to have. */
must_use int roots_policies(struct store *store, struct buf *out);

/* Notes what a machine that enrols is given, as long as there is no root: the first one has to be signed by
 * enough of those authors too, or the machine could not follow. */
must_use int roots_note_first(struct store *store, struct slice agent);

/* Whether enough of the authors have signed `message` that each machine was given which is not revoked, where
 * there is no root.  1: not enough. */
must_use int roots_check_first(struct store *store, struct slice message);

/* Adds the member "root", the newest one's note, where there is one. */
must_use int roots_add_note(struct store *store, struct buf *out);

/* Adds the header Author-Root, the newest one's number; 0: there is none. */
must_use int roots_add_header(struct store *store, struct reply *reply);

/* GET /v1/roots/{version}, for machines, and /v1/authors/roots/{version}, for people: the note. */
int roots_answer(const struct request *request, struct reply *reply);

/* GET /v1/authors: the root in force, the keys that the next one may have, and what was proposed. */
int roots_show(const struct request *request, struct reply *reply);

/* POST /v1/authors, a note of the next root's text with at least one signature that counts: proposes it, or
 * adds signatures to what was proposed.  200, and whether it is in force by it; 409 when another root or
 * policy came first. */
int roots_sign(const struct request *request, struct reply *reply);

#endif
