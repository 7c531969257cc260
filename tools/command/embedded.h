/* SPDX-License-Identifier: MIT */
/* Files that are part of the program: tables that embed.py writes. */
#ifndef TOOLS_COMMAND_EMBEDDED_H
#define TOOLS_COMMAND_EMBEDDED_H

#include "common/slice.h"

/* A row of a table, whose last one has no name. */
struct embedded {
	const char *name;     /* without its folder */
	struct slice content; /* a NUL follows */
};

/* What the file `name` holds; `at` is NULL when there is none. */
struct slice embedded_find(const struct embedded *files, const char *name);

#endif
