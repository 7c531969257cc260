/* SPDX-License-Identifier: MIT */
/* What the audit commands do with an export of a server's record, in place of a local one. */
#ifndef TOOLS_CHAPERONE_AUDIT_EVIDENCE_H
#define TOOLS_CHAPERONE_AUDIT_EVIDENCE_H

#include "tools/chaperone/audit.h"

/* `audit verify EXPORT`: says what is there and whether it fits together.  `ret_is_good`: whether. */
must_use int audit_verify_export(const struct audit_options *options, bool *ret_is_good,
				 struct error *error);

#endif
