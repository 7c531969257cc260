/* SPDX-License-Identifier: MIT */
/* Follows DT_NEEDED from object to object by name, as the loader did. */
#include "shim/preload/closure.h"

#include "shim/preload/object.h"

bool closure_has(const struct closure *closure, uintptr_t base)
{
	for (unsigned i = 0; i < closure->count; i++) {
		if (closure->bases[i] == base)
			return true;
	}
	return false;
}

void closure_join(struct closure *closure, uintptr_t base)
{
	if (closure->count < CLOSURE_OBJECTS_MAX && !closure_has(closure, base))
		closure->bases[closure->count++] = base;
}

static bool joins_when_named(const struct object *object, void *data)
{
	struct closure *closure = data;

	if (!object_is_named(object, closure->name))
		return false;
	closure_join(closure, object->image.address);
	return true;
}

bool closure_find(struct closure *closure, const char *name)
{
	closure->name = name;
	return objects_visit(joins_when_named, closure);
}

void closure_follow(struct closure *closure, unsigned index)
{
	struct object member;
	const char *needed;

	if (!object_at((const void *)closure->bases[index], &member))
		return;
	for (size_t i = 0; (needed = image_needed(&member.image, i)); i++)
		(void)closure_find(closure, needed);
}
