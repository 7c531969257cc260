/* SPDX-License-Identifier: MIT */
/* The objects that one object brings with it: what it needs, what those need, and so on,
 * breadth-first. */
#ifndef SHIM_PRELOAD_CLOSURE_H
#define SHIM_PRELOAD_CLOSURE_H

#include <stdbool.h>
#include <stdint.h>

/* Objects that are followed. */
#define CLOSURE_OBJECTS_MAX 128

struct closure {
	const char *name; /* that is looked up */
	unsigned count;
	uintptr_t bases[CLOSURE_OBJECTS_MAX]; /* where the members are mapped */
};

bool closure_has(const struct closure *closure, uintptr_t base);

/* Adds a member, once, as long as there is room. */
void closure_join(struct closure *closure, uintptr_t base);

/* Adds the object that is loaded under this name; false when there is none.  Takes the loader's
 * lock. */
bool closure_find(struct closure *closure, const char *name);

/* Adds what member number `index` needs.  Takes the loader's lock. */
void closure_follow(struct closure *closure, unsigned index);

#endif
