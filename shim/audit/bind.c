/* SPDX-License-Identifier: MIT */
/* Knows the shim among the objects, and leads bindings to it. */
#include "shim/audit/bind.h"

#include <stdatomic.h>

#include "shim/audit/foreign.h"
#include "shim/audit/place.h"
#include "shim/preload/auditor.h"
#include "shim/preload/image.h"
#include "shim/preload/sentinel.h"

/* The lowest bits of a cookie.  What is left is the address of the loader's link_map, whose alignment
 * keeps them free; of an object in another namespace, that namespace's number. */
enum cookie {
	COOKIE_FOREIGN = 1,
	COOKIE_SHIM = 2,
	COOKIE_IN_FRONT = 4, /* of the shim, in the order in which names are looked up */
	COOKIE_BITS = 7,
};

static struct image shim;
static atomic_bool has_shim, has_started;

static bool knows_shim(void)
{
	return atomic_load_explicit(&has_shim, memory_order_acquire);
}

/* The first one that is mapped; with another build beside it both stand down. */
static bool is_shim(const struct image *image)
{
	if (knows_shim() || atomic_load(&has_started) || !image_function(image, SENTINEL_NAME))
		return false;
	shim = *image;
	atomic_store_explicit(&has_shim, true, memory_order_release);
	return true;
}

void bind_note(const struct link_map *map, Lmid_t namespace, uintptr_t *cookie)
{
	struct image image;
	bool is_readable = place_open(map, &image) == 0;

	if (namespace != LM_ID_BASE) {
		*cookie = (uintptr_t) namespace << 3 | COOKIE_FOREIGN;
		if (is_readable)
			foreign_note(namespace, &image);
		return;
	}
	*cookie = (uintptr_t)map & ~(uintptr_t)COOKIE_BITS;
	if (is_readable && is_shim(&image))
		*cookie |= COOKIE_SHIM;
	else if (!knows_shim())
		*cookie |= COOKIE_IN_FRONT;
}

void bind_start(void)
{
	atomic_store(&has_started, true);
}

/* What wraps a function has to reach the one behind it. */
static bool has_own(uintptr_t cookie, const char *name)
{
	struct image image;

	return place_open((const struct link_map *)(cookie & ~(uintptr_t)COOKIE_BITS), &image) ==
		       0 &&
	       image_function(&image, name);
}

static uintptr_t entry(const struct binding *binding, uintptr_t stand_in)
{
	uintptr_t answer = binding->is_looked_up ? image_function(&shim, AUDITOR_ENTRY) : 0;

	return answer ? ((auditor_entry *)answer)(binding->name, binding->address) : stand_in;
}

uintptr_t bind_lead(const struct binding *binding)
{
	uintptr_t address = binding->address, stand_in;

	if (!knows_shim() || ((binding->from | binding->to) & COOKIE_SHIM) ||
	    !(stand_in = image_function(&shim, binding->name)))
		return address;
	if (binding->to & COOKIE_FOREIGN)
		return foreign_lead((Lmid_t)(binding->to >> 3), binding->name, address, &shim);
	if ((binding->to & COOKIE_IN_FRONT) || has_own(binding->from, binding->name))
		return address;
	return entry(binding, stand_in);
}
