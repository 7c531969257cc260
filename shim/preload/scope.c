/* SPDX-License-Identifier: MIT */
/* Which instance a caller means when there are several: the loader's search order, followed by name.
 *
 * The loader binds a plugin's PQexec to us and its PQstatus to a copy of libpq, so the copy that we forward to must be
 * the one that the loader would take.  It looks through the program and its dependencies first, then through the
 * plugin and its dependencies, each breadth-first.  What came in later through RTLD_GLOBAL cannot be seen from here
 * and counts as the caller's own. */
#include "shim/preload/instance.h"

#include "shim/preload/guard.h"
#include "shim/preload/object.h"
#include "shim/preload/registry.h"

/* Objects of one scope that are followed; beyond that the first instance loaded is taken. */
#define SCOPE_OBJECTS_MAX 128

struct scope {
	const struct driver *driver;
	const struct instance *found;
	const char *needed; /* the name that is looked up */
	unsigned count;
	uintptr_t bases[SCOPE_OBJECTS_MAX];
};

static void join(struct scope *scope, uintptr_t base)
{
	for (unsigned i = 0; i < scope->count; i++) {
		if (scope->bases[i] == base)
			return;
	}
	if (scope->count < SCOPE_OBJECTS_MAX)
		scope->bases[scope->count++] = base;
}

static bool joins_when_needed(const struct object *object, void *data)
{
	struct scope *scope = data;

	if (!object_is_named(object, scope->needed))
		return false;
	join(scope, object->image.address);
	return true;
}

static void join_needed(struct scope *scope, const struct image *image)
{
	for (size_t i = 0; (scope->needed = image_needed(image, i)); i++)
		objects_visit(joins_when_needed, scope);
}

/* Runs at the first object, so that the whole walk happens under one hold of the loader's lock. */
static bool walk(const struct object *object, void *data)
{
	struct scope *scope = data;

	(void)object;
	for (unsigned i = 0; i < scope->count; i++) {
		struct object member;

		scope->found = registry_of_base(scope->driver, scope->bases[i]);
		if (scope->found)
			break;
		if (object_at((const void *)scope->bases[i], &member))
			join_needed(scope, &member.image);
	}
	return true;
}

static const struct instance *nearest(const struct driver *driver, const struct object *root)
{
	struct scope scope = { .driver = driver };

	join(&scope, root->image.address);
	objects_visit(walk, &scope);
	return scope.found;
}

static bool is_program(const struct object *object, void *data)
{
	*(struct object *)data = *object;
	return object->is_main;
}

static const struct instance *choose(const struct driver *driver, const void *return_address)
{
	const struct instance *instance = NULL;
	struct object object;

	if (!registry_at(driver, 1))
		return registry_at(driver, 0);
	if (objects_visit(is_program, &object))
		instance = nearest(driver, &object);
	if (!instance && object_at(return_address, &object))
		instance = nearest(driver, &object);
	return instance ? instance : registry_at(driver, 0);
}

const struct instance *instance_for_caller(const struct driver *driver, const void *return_address)
{
	KEEP_ERRNO;

	registry_refresh(driver);
	return choose(driver, return_address);
}

const struct instance *instance_of_function(const struct driver *driver, const void *function)
{
	KEEP_ERRNO;

	registry_refresh(driver);
	return instance_of_address(driver, function);
}
