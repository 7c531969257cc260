/* SPDX-License-Identifier: MIT */
/* What may become a bundle's next version, once enough authors have signed it (security.md 22). */
#ifndef TOOLS_SERVER_API_DRAFT_H
#define TOOLS_SERVER_API_DRAFT_H

#include "tools/server/http/route.h"

#define DRAFT_ID_SIZE      16u
#define DRAFTS_MAX         100u /* of one bundle and account */
#define DRAFT_FINDINGS_MAX (16 * MIB)
#define DRAFT_BODY_MAX     (24 * MIB) /* of a push, whose archive is in base64 */

struct draft {
	char id[2 * DRAFT_ID_SIZE + 1]; /* hexadecimal */
	int64_t version;                /* that it would be */
	int64_t made_ns;
	struct buf release; /* the text to sign (control/release.h) */
};

/* Finds a draft of the bundle.  -ENOENT. */
must_use int draft_read(struct store *store, struct slice bundle, struct slice id,
			struct draft *ret_draft);
void draft_done(struct draft *draft);

/* Adds the accounts that signed it and whose signatures count today, each once, as texts of a list. */
must_use int draft_add_signers(struct store *store, struct slice id, struct buf *out);

/* POST /v1/policies/{bundle}/drafts: {"source": BASE64 or "rollback_of": VERSION, "why": TEXT}.  201 with
 * the text to sign; 422 with findings for a bundle that does not pass its checks or tests. */
int draft_push(const struct request *request, struct reply *reply);

/* GET /v1/policies/{bundle}/drafts, and …/{id} with its release and source. */
int draft_list(const struct request *request, struct reply *reply);
int draft_show(const struct request *request, struct reply *reply);

/* POST /v1/policies/{bundle}/drafts/{id}/signatures, a signed note: 200, and whether the draft has become
 * the policy by it.  409 when another version came first. */
int draft_sign(const struct request *request, struct reply *reply);

#endif
