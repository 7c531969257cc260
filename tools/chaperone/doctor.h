/* SPDX-License-Identifier: MIT */
/* What `chaperone doctor` looks at, and how it tells what it saw. */
#ifndef TOOLS_CHAPERONE_DOCTOR_H
#define TOOLS_CHAPERONE_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

enum doctor_level {
	DOCTOR_GOOD,
	DOCTOR_NOTE,    /* worth knowing; nothing to do */
	DOCTOR_PROBLEM, /* something is not governed, or would be refused */
};

struct doctor {
	struct buf lines; /* what is printed, as text or as the items of a JSON list */
	bool is_json;
	size_t said, problems;
};

/* One line: what was looked at, and what is so.  The text is shown with control characters
 * escaped. */
void doctor_say(struct doctor *doctor, enum doctor_level level, const char *subject,
		const char *format, ...) __attribute__((format(printf, 4, 5)));

/* doctor_machine.c: kernel, libc, shim, folders, services, the kill switch. */
void doctor_machine(struct doctor *doctor);

/* Whether the folder `path` is private and has room, or can be made. */
void doctor_folder(struct doctor *doctor, const char *subject, const char *path);

/* doctor_policy.c: which is in force, and what `run` would say to it. */
void doctor_policy(struct doctor *doctor, const char *option);

/* doctor_record.c */
void doctor_record(struct doctor *doctor, const char *option);

/* doctor_program.c: what would load when `name` were run, found by reading files alone. */
void doctor_program(struct doctor *doctor, const char *name);

#endif
