/* SPDX-License-Identifier: MIT */
/* Making a draft on the server: what `policy push` and `policy rollback` have in common. */
#ifndef TOOLS_REMOTE_OFFER_H
#define TOOLS_REMOTE_OFFER_H

#include "common/sha256.h"
#include "tools/remote/author_options.h"
#include "tools/remote/visit.h"

struct offer {
	struct slice archive; /* empty: what `rollback_of` has */
	uint64_t rollback_of;
	unsigned char digest[SHA256_SIZE]; /* of the archive, either way */
};

/* Makes it, compares what the server then shows with what was offered, tells, and signs it at once where
 * the options name a key.  VISIT_NO with findings printed: it does not pass the server's checks. */
must_use int offer_make(struct visit *visit, const struct author_options *options,
			const struct offer *offer, struct error *error);

#endif
