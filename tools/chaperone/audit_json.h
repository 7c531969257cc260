/* SPDX-License-Identifier: MIT */
/* Events and their parts as JSON. */
#ifndef TOOLS_CHAPERONE_AUDIT_JSON_H
#define TOOLS_CHAPERONE_AUDIT_JSON_H

#include "common/buf.h"
#include "tools/chaperone/audit_events.h"
#include "tools/command/json.h"

/* "proven", "declared", "observed", "claimed". */
const char *audit_mark_text(uint8_t mark);

void audit_json_texts(struct buf *out, const char *name, const struct slice *texts, size_t count);
void audit_json_time(struct buf *out, const char *name, uint64_t time_ns);

/* The facts with their marks as a list; nothing when there are none or `entry` is NULL. */
void audit_json_facts(struct buf *out, const char *name, const struct record_entry *entry);

/* One object without a line end. */
void audit_add_json_event(struct buf *out, const struct audit_event *event);

/* As audit_add_json_event, with all facts and the place in the chain. */
void audit_add_json_full(struct buf *out, const struct audit_event *event);

#endif
