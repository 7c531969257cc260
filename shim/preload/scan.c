/* SPDX-License-Identifier: MIT */
/* Finds new instances among the loaded objects, pins them, and fills their tables. */
#include "shim/preload/registry.h"

#include <dlfcn.h>
#include <stdatomic.h>

#include "shim/preload/object.h"
#include "shim/preload/self.h"

#define DRIVERS_MAX 8

typedef void *dlopen_function(const char *path, int flags);

static bool has_dlopen(const struct object *object, void *data)
{
	const char *soname = image_soname(&object->image);

	if (!soname || !(text_is(soname, "libc.so.6") || text_is(soname, "libdl.so.2")))
		return false;
	*(uintptr_t *)data = image_function(&object->image, "dlopen");
	return *(uintptr_t *)data != 0;
}

/* libc's own, past every stand-in for it; before glibc 2.34 it lives in libdl. */
static dlopen_function *find_dlopen(void)
{
	static _Atomic uintptr_t known;
	uintptr_t found = atomic_load(&known);

	if (!found && objects_visit(has_dlopen, &found))
		atomic_store(&known, found);
	return (dlopen_function *)found;
}

struct candidate {
	struct instance *instance;
	const ElfW(Dyn) * dynamic;
	uintptr_t refused[INSTANCES_MAX]; /* bases of objects that could not be pinned */
	unsigned refused_count;
};

static bool is_refused(const struct candidate *candidate, uintptr_t base)
{
	for (unsigned i = 0; i < candidate->refused_count; i++) {
		if (candidate->refused[i] == base)
			return true;
	}
	return false;
}

static bool copy_path(char *path, const char *from)
{
	for (size_t i = 0; i < INSTANCE_PATH_MAX; i++) {
		path[i] = from[i];
		if (!from[i])
			return true;
	}
	return false;
}

bool image_is_instance(const struct image *image, const struct driver *driver)
{
	return image_function(image, driver->functions[driver->marker]) && !image_is_shim(image);
}

static bool is_new(const struct object *object, void *data)
{
	struct candidate *candidate = data;
	struct instance *instance = candidate->instance;
	uintptr_t base = object->image.address;

	if (registry_of_base(instance->driver, base) || is_refused(candidate, base) ||
	    !image_is_instance(&object->image, instance->driver) ||
	    !copy_path(instance->path, object->path))
		return false;
	instance->base = base;
	candidate->dynamic = object->image.dynamic;
	return true;
}

/* Keeps the candidate mapped for good.  Its handle is the loader's public link_map, which shows
 * that the path still means the same object. */
static bool pin(const struct candidate *candidate)
{
	dlopen_function *open = find_dlopen();
	const struct link_map *map;

	if (!candidate->instance->path[0] || !open)
		return true; /* the program itself; or nobody here can unload anything */
	map = open(candidate->instance->path, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
	return map && map->l_ld == candidate->dynamic;
}

static bool fill(const struct object *object, void *data)
{
	struct instance *instance = data;
	const struct driver *driver = instance->driver;

	if (object->image.address != instance->base || !image_is_instance(&object->image, driver))
		return false;
	image_text(&object->image, &instance->text_begin, &instance->text_end);
	for (unsigned i = 0; i < DRIVER_FUNCTIONS_MAX; i++) {
		uintptr_t address = i < driver->function_count
					    ? image_function(&object->image, driver->functions[i])
					    : 0;

		instance->functions[i] = (void *)address;
	}
	return true;
}

/* False when there is nothing new. */
static bool register_one(const struct driver *driver, struct candidate *candidate)
{
	candidate->instance = registry_claim();
	if (!candidate->instance)
		return false;
	candidate->instance->driver = driver;
	if (!objects_visit(is_new, candidate)) {
		registry_release(candidate->instance);
		return false;
	}
	if (pin(candidate) && objects_visit(fill, candidate->instance)) {
		registry_add(candidate->instance);
		return true;
	}
	candidate->refused[candidate->refused_count++] = candidate->instance->base;
	registry_release(candidate->instance);
	return true;
}

/* The number of objects at the last scan for `driver`; NULL for more drivers than there can be. */
static _Atomic uint64_t *scanned(const struct driver *driver)
{
	static struct {
		_Atomic(const struct driver *) driver;
		_Atomic uint64_t added;
	} scans[DRIVERS_MAX];

	for (unsigned i = 0; i < DRIVERS_MAX; i++) {
		const struct driver *present = NULL;

		if (atomic_compare_exchange_strong(&scans[i].driver, &present, driver) ||
		    present == driver)
			return &scans[i].added;
	}
	return NULL;
}

void registry_refresh(const struct driver *driver)
{
	_Atomic uint64_t *last = scanned(driver);
	struct candidate candidate = { .refused_count = 0 };
	uint64_t added = objects_added();

	if (!last || atomic_load(last) == added)
		return;
	sentinel_look();
	for (unsigned i = 0; i < INSTANCES_MAX; i++) {
		if (!register_one(driver, &candidate))
			break;
	}
	atomic_store(last, added);
}
