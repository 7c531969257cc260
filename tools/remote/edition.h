/* SPDX-License-Identifier: MIT */
/* A version of a bundle, or a draft of one: what its authors sign, and the files for which that stands.
 * The server is asked for both, and believed in neither: one must say what the other is. */
#ifndef TOOLS_REMOTE_EDITION_H
#define TOOLS_REMOTE_EDITION_H

#include "control/archive.h"
#include "control/release.h"
#include "tools/remote/visit.h"

#define EDITION_ID_SIZE 33u /* of a draft, with its NUL */

struct edition {
	json_t *document;       /* the server's answer, into which the next two point; NULL: none */
	struct slice text;      /* of the release */
	struct release release; /* version 0: there is none */
	struct buf source;      /* the archive */
};

#define EDITION_NONE                                                                               \
	{                                                                                          \
		.document = NULL, .source = BUF_MAX(ARCHIVE_MAX)                                   \
	}

void edition_done(struct edition *edition);

/* 32 small hexadecimal digits. */
bool edition_is_draft_id(struct slice text);

/* Gets them.  VISIT_NO: there is none; -EBADMSG: it is not what it says it is. */
must_use int edition_of_draft(struct visit *visit, const char *id, struct edition *ret_edition,
			      struct error *error);
must_use int edition_of_version(struct visit *visit, uint64_t version, struct edition *ret_edition,
				struct error *error);

/* Gets the version that is in force; it may be none. */
must_use int edition_in_force(struct visit *visit, struct edition *ret_edition,
			      struct error *error);

/* Whether `next` is what comes behind `edition`, by number and by digest.  VISIT_NO: another version came
 * first; -EBADMSG: it is of another history. */
must_use int edition_check_next(const struct edition *edition, const struct edition *next,
				struct error *error);

#endif
