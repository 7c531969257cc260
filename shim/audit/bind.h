/* SPDX-License-Identifier: MIT */
/* Where a binding leads: to the stand-in, when the loader is about to bind past it.
 *
 * The loader shows each object as it is mapped and each binding that goes through a PLT or is looked
 * up.  A binding whose name the shim exports, and which leads neither to the shim nor from it, was
 * kept from it by RTLD_DEEPBIND, by a handle, or by a version: it is led back.  Objects in a
 * namespace of their own (dlmopen) stay as they are, but for connect, where the guard is asked.
 *
 * The loader keeps a word for each object, its cookie; all that is known of an object is in it. */
#ifndef SHIM_AUDIT_BIND_H
#define SHIM_AUDIT_BIND_H

#include <link.h>
#include <stdbool.h>
#include <stdint.h>

/* Notes an object that was mapped, and fills in its cookie.  The loader's lock is held. */
void bind_note(const struct link_map *map, Lmid_t namespace, uintptr_t *cookie);

/* The program starts: a shim that comes after this was not preloaded, and may be unmapped again. */
void bind_start(void);

/* One binding: of `name`, from the object of one cookie to `address` in that of another. */
struct binding {
	uintptr_t from, to;
	const char *name;
	uintptr_t address;
	bool is_looked_up; /* with dlsym or dlvsym */
};

/* The address to bind to.  Any thread, at any time. */
uintptr_t bind_lead(const struct binding *binding);

#endif
