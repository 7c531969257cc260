/* SPDX-License-Identifier: MIT */
/* Whose signatures an auditor believes: those he names, or those that this machine was told of when it
 * enrolled. */
#ifndef TOOLS_CHAPERONE_AUDIT_TRUST_H
#define TOOLS_CHAPERONE_AUDIT_TRUST_H

#include "tools/evidence/verify.h"

struct audit_trust {
	struct evidence_trust trust; /* points into the rest */
	struct verifying_key given, pinned;
	struct verifying_key *authors;
};

/* `key`: a verifier; `authors`: a file of verifiers, a line each; NULL or empty: not given.  Fills
 * `ret_trust` where it stays, for audit_trust_done. */
must_use int audit_trust_read(const char *key, const char *authors, struct audit_trust *ret_trust,
			      struct error *error);
void audit_trust_done(struct audit_trust *trust);

/* Why the key is believed, in a word ("given", "enrolment", "export"). */
const char *audit_key_source(enum evidence_key_source source);

#endif
