/* SPDX-License-Identifier: MIT */
/* Printing events for people: nothing that a recorded text contains can control the terminal. */
#ifndef TOOLS_CHAPERONE_AUDIT_PRINT_H
#define TOOLS_CHAPERONE_AUDIT_PRINT_H

#include <stdint.h>

#include "common/buf.h"
#include "tools/chaperone/audit_events.h"
#include "tools/command/visible.h"

#define AUDIT_LINE_MAX (4 * MIB)

/* "2026-11-22 18:45:01.123" in the local zone. */
void audit_add_local_time(struct buf *out, uint64_t time_ns);

/* The columns of the terminal on standard output, from 100 to 200; 200 where there is none. */
size_t audit_columns(void);

void audit_add_table_head(struct buf *out, size_t columns);
void audit_add_table_row(struct buf *out, const struct audit_event *event, size_t columns);

/* Prints the buffer and empties it.  A negative errno when that fails or the buffer has failed. */
must_use int audit_print(struct buf *out);

/* Prints "chaperone: …" for a complaint of the reader on standard error. */
void audit_print_complaint(void *context, const struct error *error);

#endif
