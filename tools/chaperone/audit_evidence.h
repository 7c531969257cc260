/* SPDX-License-Identifier: MIT */
/* What the audit commands do with an export of a server's record, in place of a local one. */
#ifndef TOOLS_CHAPERONE_AUDIT_EVIDENCE_H
#define TOOLS_CHAPERONE_AUDIT_EVIDENCE_H

#include "tools/chaperone/audit.h"
#include "tools/evidence/verify.h"

/* `audit verify EXPORT`: says what is there and whether it fits together, of a file. */
must_use int audit_verify_export(const struct audit_options *options,
				 struct evidence_report *ret_report, struct error *error);

/* Whether all fits: also that no machine contradicts itself. */
bool audit_export_is_good(const struct evidence_report *report);

/* As that, of a file, or of a folder with exports of several logs: one after the other, and whether these are
 * all that were exported together.  `ret_is_good`: whether all is good. */
must_use int audit_verify_exports(const struct audit_options *options, bool *ret_is_good,
				  struct error *error);

#endif
