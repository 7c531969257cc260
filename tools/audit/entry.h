/* SPDX-License-Identifier: MIT */
/* Entries of a record that outlive what they were read from. */
#ifndef TOOLS_AUDIT_ENTRY_H
#define TOOLS_AUDIT_ENTRY_H

#include "common/record.h"

/* One block, to be freed, with all that the entry points to; NULL without memory. */
struct record_entry *audit_entry_copy(const struct record_entry *entry);

#endif
