/* SPDX-License-Identifier: MIT */
/* Events as OCSF 1.8 Datastore Activity (class 6005). */
#ifndef TOOLS_AUDIT_OCSF_H
#define TOOLS_AUDIT_OCSF_H

#include "common/buf.h"
#include "tools/audit/event.h"

/* One JSON object without a line end.  Notes have no place in the class: they are for the caller to
 * leave out. */
void ocsf_add_event(struct buf *out, const struct audit_event *event);

#endif
