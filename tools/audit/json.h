/* SPDX-License-Identifier: MIT */
/* Parts of events as JSON. */
#ifndef TOOLS_AUDIT_JSON_H
#define TOOLS_AUDIT_JSON_H

#include "common/buf.h"
#include "common/record.h"
#include "tools/command/json.h"

/* "2026-11-22T17:45:01.123456789Z". */
void audit_add_utc_time(struct buf *out, uint64_t time_ns);

/* "proven", "declared", "observed", "claimed". */
const char *audit_mark_text(uint8_t mark);

void audit_json_texts(struct buf *out, const char *name, const struct slice *texts, size_t count);
void audit_json_time(struct buf *out, const char *name, uint64_t time_ns);

/* The facts with their marks as a list; nothing when there are none or `entry` is NULL. */
void audit_json_facts(struct buf *out, const char *name, const struct record_entry *entry);

#endif
