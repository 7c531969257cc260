/* SPDX-License-Identifier: MIT */
/* Where the loader looks for a library: in short, and by name alone. */
#ifndef SHIM_PRELOAD_SEARCH_H
#define SHIM_PRELOAD_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

#define SEARCH_PATH_MAX 512 /* a file with a longer path is not found */

/* Shown each place where the library may be until it returns true. */
typedef bool search_visitor(const char path[SEARCH_PATH_MAX], void *data);

/* Shows the one place that a name with a folder in it means; $ORIGIN is the folder of the object at
 * the path `origin`. */
bool search_path(const char *name, const char *origin, search_visitor *visit, void *data);

/* Shows where `name` may be in the folders of `list`, separated by colons.  NULL is an empty
 * list. */
bool search_list(const char *list, const char *origin, const char *name, search_visitor *visit,
		 void *data);

/* The same for the folders of LD_LIBRARY_PATH and for those that every program has.  The loader's
 * cache is not read. */
bool search_common(const char *name, search_visitor *visit, void *data);

#endif
