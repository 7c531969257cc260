/* SPDX-License-Identifier: MIT */
/* Two objects see one another's functions when some object brings both with it: the one that was
 * opened, of which each is a part. */
#include "shim/preload/reach.h"

#include "shim/preload/closure.h"
#include "shim/preload/object.h"
#include "shim/preload/self.h"

struct reach {
	const void *caller;
	const char *name;
	bool is_behind, has_version;
	uintptr_t caller_base;
	uintptr_t found;
};

/* Those who need one of `parents` directly join it. */
static bool joins_when_needing(const struct object *object, void *data)
{
	struct closure *parents = data;
	const char *needed;
	struct object member;

	for (size_t i = 0; (needed = image_needed(&object->image, i)); i++) {
		for (unsigned j = 0; j < parents->count; j++) {
			if (object_at((const void *)parents->bases[j], &member) &&
			    object_is_named(&member, needed))
				closure_join(parents, object->image.address);
		}
	}
	return false;
}

static bool brings(uintptr_t root, uintptr_t base)
{
	struct closure closure = { .count = 0 };

	closure_join(&closure, root);
	for (unsigned i = 0; i < closure.count; i++)
		closure_follow(&closure, i);
	return closure_has(&closure, base);
}

static bool are_together(uintptr_t base, uintptr_t other)
{
	struct closure parents = { .count = 0 };
	unsigned before = 0;

	for (closure_join(&parents, base); parents.count > before;) {
		before = parents.count;
		(void)objects_visit(joins_when_needing, &parents);
	}
	for (unsigned i = 0; i < parents.count; i++) {
		if (brings(parents.bases[i], other))
			return true;
	}
	return false;
}

static bool is_reached(const struct object *object, void *data)
{
	struct reach *reach = data;
	uintptr_t base = object->image.address,
		  function = image_function(&object->image, reach->name);

	/* To the loader any version fits an object that has none (dl-lookup.c of glibc,
	 * check_match). */
	if (reach->has_version && object->image.versions)
		return false;
	if (!function || image_is_shim(&object->image) ||
	    (reach->is_behind && base == reach->caller_base) ||
	    !are_together(base, reach->caller_base))
		return false;
	reach->found = function;
	return true;
}

uintptr_t reach_function(const void *caller, const char *name, bool has_version, bool is_behind)
{
	struct reach reach = {
		.caller = caller, .name = name, .is_behind = is_behind, .has_version = has_version
	};
	struct object object;

	if (!object_at(caller, &object))
		return 0;
	reach.caller_base = object.image.address;
	(void)objects_visit(is_reached, &reach);
	return reach.found;
}
