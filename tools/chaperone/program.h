/* SPDX-License-Identifier: MIT */
/* What a command executes in the end, and whether a preloaded library gets into it, found by
 * reading files alone. */
#ifndef TOOLS_CHAPERONE_PROGRAM_H
#define TOOLS_CHAPERONE_PROGRAM_H

#include <limits.h>

#include "tools/chaperone/elf_file.h"

/* Follows `name` through PATH and a script to what runs it, again and again.  `step` hears of each
 * script; it may be NULL.  `path` holds, whatever is returned, what was looked at last.  -ENOENT
 * for what is not found or cannot be executed, -ELOOP for scripts that scripts run. */
must_use int program_follow(const char *name,
			    void (*step)(void *context, const char *script,
					 const char *interpreter),
			    void *context, char path[PATH_MAX]);

/* Why the loader takes no preload from the environment when this user runs the file, or NULL. */
const char *program_changes_user(const char *path);

/* Why nothing that is preloaded gets into this program, or NULL. */
const char *program_unreachable(const struct elf_file *file);

/* What a file is that elf_file_read refuses with `code`. */
const char *program_refused(int code);

/* The last part of a path. */
const char *program_name(const char *path);

#endif
