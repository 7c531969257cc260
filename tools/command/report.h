/* SPDX-License-Identifier: MIT */
/* What a command saw, line by line, as text or as JSON. */
#ifndef TOOLS_COMMAND_REPORT_H
#define TOOLS_COMMAND_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

#define REPORT_LINES_MAX (4 * MIB)

enum report_level {
	REPORT_GOOD,
	REPORT_NOTE, /* worth knowing; nothing to do */
	REPORT_PROBLEM,
};

struct report {
	struct buf lines; /* what is printed, as text or as the items of a JSON list */
	bool is_json;
	size_t said, problems;
};

#define REPORT_EMPTY(json)                                                                         \
	{                                                                                          \
		.lines = BUF_MAX(REPORT_LINES_MAX), .is_json = (json)                              \
	}

/* One line: what was looked at, and what is so.  The text is shown with control characters
 * escaped. */
void report_say(struct report *report, enum report_level level, const char *subject,
		const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Prints it and lets it go; returns the command's exit status. */
must_use int report_end(struct report *report);

#endif
