/* SPDX-License-Identifier: MIT */
/* A draft beside the version that it would take the place of: what an author looks at, and signs. */
#ifndef TOOLS_REMOTE_PROPOSAL_H
#define TOOLS_REMOTE_PROPOSAL_H

#include "tools/policy/changes.h"
#include "tools/remote/author_options.h"
#include "tools/remote/edition.h"

struct proposal {
	char id[EDITION_ID_SIZE];
	struct edition draft, before;
	struct changes changes;
	bool is_signed, is_published;
	uint64_t signatures, needed; /* of authors */
};

#define PROPOSAL_NONE                                                                              \
	{                                                                                          \
		.draft = EDITION_NONE, .before = EDITION_NONE                                      \
	}

void proposal_done(struct proposal *proposal);

/* Gets the draft and what is in force, and checks one against the other.  As edition_of_draft and
 * edition_check_next. */
must_use int proposal_read(struct visit *visit, const char *id, struct proposal *ret_proposal,
			   struct error *error);

/* Whether there is what proposal_sign will need: a key that can be read, and a person unless told not to
 * ask.  -EPERM, -EINVAL, -ENOTTY. */
must_use int proposal_check_signer(const struct author_options *options, struct error *error);

/* Shows the release and what changes, asks unless told not to, signs with the key of the options, and
 * sends that.  VISIT_NO: the person or the server said no. */
must_use int proposal_sign(struct visit *visit, const struct author_options *options,
			   struct proposal *proposal, struct error *error);

/* Says what has become of it, and what is to be typed next. */
void proposal_tell(const struct visit *visit, const struct proposal *proposal, bool is_json);

/* Asks the person at the terminal whether to sign what was shown.  VISIT_NO: not that. */
must_use int proposal_ask(struct error *error);

#endif
