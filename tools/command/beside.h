/* SPDX-License-Identifier: MIT */
/* Files that were installed, or built, together with this program. */
#ifndef TOOLS_COMMAND_BESIDE_H
#define TOOLS_COMMAND_BESIDE_H

#include <limits.h>
#include <stddef.h>

#include "common/cleanup.h"
#include "common/error.h"

/* Finds the first of `places` that is there, each relative to this program's folder.  -ENOENT: none
 * is. */
must_use int beside_find(const char *const *places, size_t count, char ret_path[PATH_MAX],
			 struct error *error);

#endif
