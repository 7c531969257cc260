/* SPDX-License-Identifier: MIT */
/* Which instance a caller means when there are several: the loader's search order, followed by
 * name.
 *
 * The loader binds a plugin's PQexec to us and its PQstatus to a copy of libpq, so the copy that we
 * forward to must be the one that the loader would take.  It looks through the program and its
 * dependencies first, then through the plugin and its dependencies, each breadth-first.  What came
 * in later through RTLD_GLOBAL cannot be seen from here and counts as the caller's own. */
#include "shim/preload/instance.h"

#include "shim/preload/closure.h"
#include "shim/preload/guard.h"
#include "shim/preload/object.h"
#include "shim/preload/registry.h"
#include "shim/preload/slots.h"

struct scope {
	const struct driver *driver;
	const struct instance *found;
	struct closure closure;
};

/* Runs at the first object, so that the whole walk happens under one hold of the loader's lock. */
static bool walk(const struct object *object, void *data)
{
	struct scope *scope = data;

	(void)object;
	for (unsigned i = 0; i < scope->closure.count && !scope->found; i++) {
		scope->found = registry_of_base(scope->driver, scope->closure.bases[i]);
		closure_follow(&scope->closure, i);
	}
	return true;
}

static const struct instance *nearest(const struct driver *driver, const struct object *root)
{
	struct scope scope = { .driver = driver };

	closure_join(&scope.closure, root->image.address);
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
	const struct instance *instance;

	if (slot_tells(return_address, &instance))
		return instance;
	registry_refresh(driver);
	return choose(driver, return_address);
}

const struct instance *instance_of_function(const struct driver *driver, const void *function)
{
	KEEP_ERRNO;

	registry_refresh(driver);
	return instance_of_address(driver, function);
}
