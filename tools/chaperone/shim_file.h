/* SPDX-License-Identifier: MIT */
/* The shim as a file: where it is, and whether the loader can use it.  The loader passes over a
 * missing preload with a message and kills every program for a damaged one, so it is looked at
 * before anything is started. */
#ifndef TOOLS_CHAPERONE_SHIM_FILE_H
#define TOOLS_CHAPERONE_SHIM_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"
#include "common/error.h"

/* Finds libchaperone.so beside this program or where it is installed, and checks it.  `error` says
 * what is wrong. */
must_use int shim_file_find(char ret_path[PATH_MAX], struct error *error);

/* The same for libchaperone-audit.so in the folder of `shim`.  -ENOTSUP where the loader is too old to
 * show all bindings to it. */
must_use int shim_file_find_auditor(const char *shim, char ret_path[PATH_MAX], struct error *error);

/* Checks one file: readable by everybody, an ELF object of this machine whose segments are all
 * there, a path that LD_PRELOAD can hold. */
must_use int shim_file_check(const char *path, struct error *error);

/* True when some folder above the file cannot be entered by everybody: the loader then passes over
 * it in programs of other users.  `ret_folder` is that folder. */
bool shim_file_is_hidden(const char *path, char ret_folder[PATH_MAX]);

#endif
