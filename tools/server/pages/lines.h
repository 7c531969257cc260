/* SPDX-License-Identifier: MIT */
/* Texts with a number for each line, and what differs between two of them. */
#ifndef TOOLS_SERVER_PAGES_LINES_H
#define TOOLS_SERVER_PAGES_LINES_H

#include "tools/server/pages/html.h"

/* Appends the files of a source archive (control/archive.h), whose lines have the address #FILE-NUMBER.
 * -EBADMSG for what is none. */
must_use int lines_add_archive(struct buf *out, struct slice archive);

/* Appends what differs between two archives, of which `from` may be empty; `labels` are what they are
 * called. */
must_use int lines_add_changes(struct buf *out, struct slice from, struct slice to,
			       const char *const labels[2]);

#endif
