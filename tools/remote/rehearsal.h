/* SPDX-License-Identifier: MIT */
/* What a policy would have decided otherwise of a record, shown before it is pushed. */
#ifndef TOOLS_REMOTE_REHEARSAL_H
#define TOOLS_REMOTE_REHEARSAL_H

#include <stdbool.h>

#include "common/cleanup.h"
#include "common/error.h"

/* Runs `chaperone policy replay` with the policies of `path` over `from`, a record's folder or an export, and
 * shows what it says, on standard error where standard output is for a document.  An error when not all of
 * it could be judged. */
must_use int rehearse(const char *path, const char *from, bool is_document, struct error *error);

#endif
