/* SPDX-License-Identifier: MIT */
/* Remembers the objects behind our own, which come in the loader's search order and stay mapped for
 * good; finds each function in the first of them that exports it, when it is called for the first
 * time. */
#include "shim/preload/next.h"

#include <stdatomic.h>

#include "shim/preload/object.h"
#include "shim/preload/self.h"

/* What may stand in for libc's functions is preloaded behind us, so it comes early; libc itself is
 * kept in any case. */
#define OBJECTS_MAX 16

static const char *const NAMES[] = {
#define NAME(name) #name,
	NEXT_FUNCTIONS(NAME)
#undef NAME
};

/* Where an object is mapped; the rest is read from there when it is needed. */
struct place {
	uintptr_t address;
	size_t size;
};

static struct place behind[OBJECTS_MAX];
static atomic_uint behind_count;
static _Atomic uintptr_t found[NEXT_COUNT];

struct walk {
	const char *own_path;
	unsigned count;
};

/* Ends at libc, behind which only what it needs itself can come. */
static bool remember(const struct object *object, void *data)
{
	struct walk *walk = data;
	const struct image *image = &object->image;

	if (image_is_self(image)) {
		walk->own_path = object->path;
		return false;
	}
	if (!walk->own_path || image_is_shim(image))
		return false;
	behind[walk->count < OBJECTS_MAX ? walk->count++ : OBJECTS_MAX - 1] =
		(struct place){ image->address, image->size };
	const char *soname = image_soname(image);
	return soname && text_is(soname, "libc.so.6");
}

const char *next_settle(void)
{
	struct walk walk = { .own_path = NULL };

	objects_visit(remember, &walk);
	atomic_store_explicit(&behind_count, walk.count, memory_order_release);
	return walk.own_path ? walk.own_path : "";
}

static uintptr_t find(enum next_name name)
{
	unsigned count = atomic_load_explicit(&behind_count, memory_order_acquire);
	uintptr_t address = 0;

	for (unsigned i = 0; i < count && !address; i++) {
		struct image image;

		if (image_open_copy((const void *)behind[i].address, behind[i].size,
				    behind[i].address, &image) == 0)
			address = image_function(&image, NAMES[name]);
	}
	return address;
}

void *next_address(enum next_name name)
{
	uintptr_t address = atomic_load_explicit(&found[name], memory_order_relaxed);

	if (!address) {
		if (!atomic_load_explicit(&behind_count, memory_order_relaxed))
			next_settle();
		address = find(name);
		atomic_store_explicit(&found[name], address, memory_order_relaxed);
	}
	return (void *)address;
}
