/* SPDX-License-Identifier: MIT */
/* One event for people, with everything that is known of it. */
#ifndef TOOLS_CHAPERONE_AUDIT_SHOW_H
#define TOOLS_CHAPERONE_AUDIT_SHOW_H

#include "tools/chaperone/audit_events.h"

void audit_add_full(struct buf *out, const struct audit_event *event);

#endif
