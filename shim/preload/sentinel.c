/* SPDX-License-Identifier: MIT */
/* Knows our own object, and looks for another build of it. */
#include "shim/preload/sentinel.h"

#include <stdatomic.h>

#include "shim/preload/object.h"
#include "shim/preload/self.h"

/* The linker puts this at the first byte of the object that we end up in. */
extern const unsigned char __ehdr_start[] __attribute__((visibility("hidden")));

static atomic_bool has_looked, has_other;

bool image_is_self(const struct image *image)
{
	return image->address == (uintptr_t)__ehdr_start;
}

bool image_is_shim(const struct image *image)
{
	return image_is_self(image) || image_function(image, SENTINEL_NAME);
}

static int self_open(struct image *ret_image)
{
	return image_open_copy(__ehdr_start, SIZE_MAX - (uintptr_t)__ehdr_start,
			       (uintptr_t)__ehdr_start, ret_image);
}

/* Read once; who comes while another thread fills it in reads for himself. */
uintptr_t self_function(const char *name)
{
	static struct image known;
	static atomic_int filled; /* 0, then 1 by who fills it in, then 2 */
	struct image self;
	int nobody = 0;

	if (atomic_load_explicit(&filled, memory_order_acquire) == 2)
		return image_function(&known, name);
	if (self_open(&self) < 0)
		return 0;
	if (atomic_compare_exchange_strong(&filled, &nobody, 1)) {
		known = self;
		atomic_store_explicit(&filled, 2, memory_order_release);
	}
	return image_function(&self, name);
}

static bool is_other_shim(const struct object *object, void *data)
{
	(void)data;
	return !image_is_self(&object->image) && image_function(&object->image, SENTINEL_NAME);
}

void sentinel_look(void)
{
	/* Never back to false: what was bound meanwhile may go through the other one for good. */
	if (objects_visit(is_other_shim, NULL))
		atomic_store(&has_other, true);
	atomic_store(&has_looked, true);
}

bool preload_stands_down(void)
{
	if (!atomic_load_explicit(&has_looked, memory_order_acquire))
		sentinel_look();
	return atomic_load_explicit(&has_other, memory_order_relaxed);
}

static bool is_self(const struct object *object, void *data)
{
	if (!image_is_self(&object->image))
		return false;
	*(struct object *)data = *object;
	return true;
}

const char *preload_path(void)
{
	struct object self;

	return objects_visit(is_self, &self) ? self.path : "";
}

bool preload_holds(const void *address)
{
	static _Atomic uintptr_t known_begin, known_end;
	uintptr_t begin = atomic_load_explicit(&known_begin, memory_order_relaxed);
	uintptr_t end = atomic_load_explicit(&known_end, memory_order_relaxed);
	struct image self;

	if (!begin || !end) {
		if (self_open(&self) < 0)
			return false;
		image_text(&self, &begin, &end);
		atomic_store(&known_begin, begin);
		atomic_store(&known_end, end);
	}
	return (uintptr_t)address - begin < end - begin;
}
