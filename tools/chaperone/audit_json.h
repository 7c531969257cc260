/* SPDX-License-Identifier: MIT */
/* Events and their parts as JSON. */
#ifndef TOOLS_CHAPERONE_AUDIT_JSON_H
#define TOOLS_CHAPERONE_AUDIT_JSON_H

#include "common/buf.h"
#include "tools/audit/event.h"

/* One object without a line end. */
void audit_add_json_event(struct buf *out, const struct audit_event *event);

/* As audit_add_json_event, with all facts and the place in the chain. */
void audit_add_json_full(struct buf *out, const struct audit_event *event);

#endif
