/* SPDX-License-Identifier: MIT */
/* The folder in which a child of posix_spawn will be when it starts its program, after its file
 * actions. */
#ifndef SHIM_ESCAPE_CHILD_FOLDER_H
#define SHIM_ESCAPE_CHILD_FOLDER_H

#include <spawn.h>

#include "common/cleanup.h"

/* AT_FDCWD when `actions`, which may be NULL, leave it where the parent is; else a descriptor of the
 * caller's.  -ENOENT: an action will fail, and nothing starts.  -ENOTSUP: it cannot be known.
 * Allocates nothing. */
must_use int child_folder(const posix_spawn_file_actions_t *actions, int *ret_folder);

#endif
