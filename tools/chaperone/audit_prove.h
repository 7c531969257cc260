/* SPDX-License-Identifier: MIT */
/* What `chaperone audit prove` consists of. */
#ifndef TOOLS_CHAPERONE_AUDIT_PROVE_H
#define TOOLS_CHAPERONE_AUDIT_PROVE_H

#include "tools/chaperone/audit_trust.h"
#include "tools/evidence/proof.h"

struct prove_options {
	const char *event, *check, *key;
	uint64_t leaf, checkpoint, from, to; /* UINT64_MAX: not given */
	bool is_json;
	const char *export;
};

/* Appends the proof of all that tells of the event: its own batch, those that say by what it was judged and
 * for whom, and that of its outcome.  -ENOENT: there is no such event; -ERANGE: it is younger than
 * the checkpoint. */
must_use int audit_prove_event(const struct prove_options *options, struct evidence_log *log,
			       const struct evidence_head *head, struct buf *out,
			       struct error *error);

/* Checks the proof that is in the file, and prints what it shows.  -EBADMSG: it shows nothing. */
must_use int audit_prove_check(const struct prove_options *options, const struct audit_trust *trust,
			       struct error *error);

#endif
