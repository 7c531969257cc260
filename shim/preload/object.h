/* SPDX-License-Identifier: MIT */
/* The objects that the loader has mapped into this process. */
#ifndef SHIM_PRELOAD_OBJECT_H
#define SHIM_PRELOAD_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "shim/preload/image.h"

struct object {
	struct image image;
	const char *path; /* the loader's; "" for the main program */
	bool is_main;
};

/* Shown every readable object in load order until it returns true.  The loader's lock is held: do
 * not call into the loader, except for objects_visit itself, whose lock is recursive. */
typedef bool object_visitor(const struct object *object, void *data);

/* True when a visitor returned true.  Objects stay mapped during the visit only. */
bool objects_visit(object_visitor *visit, void *data);

/* How many objects were ever loaded; another number than before means that there is something
 * new. */
uint64_t objects_added(void);

/* Finds the object that holds `address`.  The image is good as long as that object stays mapped. */
bool object_at(const void *address, struct object *ret_object);

/* What stands behind the last slash. */
const char *file_name(const char *path);

/* True when a DT_NEEDED entry of this name means that object: its soname, its file name, or its
 * path. */
bool object_is_named(const struct object *object, const char *needed);

#endif
