/* SPDX-License-Identifier: MIT */
/* Events as CSV (RFC 4180) that no spreadsheet takes for formulas. */
#ifndef TOOLS_CHAPERONE_AUDIT_CSV_H
#define TOOLS_CHAPERONE_AUDIT_CSV_H

#include "common/buf.h"
#include "tools/chaperone/audit_events.h"

void csv_add_head(struct buf *out);
void csv_add_event(struct buf *out, const struct audit_event *event);

/* Appends one field, quoted; a text that begins as formulas do gets an apostrophe in front. */
void csv_add_field(struct buf *out, struct slice text);

#endif
