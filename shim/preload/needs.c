/* SPDX-License-Identifier: MIT */
/* Follows DT_NEEDED through files, breadth-first, as far as nothing of it is loaded. */
#include "shim/preload/needs.h"

#include <sys/mman.h>

#include "common/cleanup.h"
#include "shim/preload/closure.h"
#include "shim/preload/driver.h"
#include "shim/preload/elf_strings.h"
#include "shim/preload/object.h"
#include "shim/preload/registry.h"
#include "shim/preload/search.h"

#define FILES_MAX 64

/* What is to be looked through; in a mapping of its own, because the caller's stack may be
 * small. */
struct tree {
	unsigned count;
	bool is_full;
	const char *origin; /* the file that is being looked at, */
	const char *name;   /* and what it needs */
	char paths[FILES_MAX][SEARCH_PATH_MAX];
};

/* "libpq.so.5", or "libpq-e8a033dd.so.5.16" as wheels bundle it, and not "libpqxx-6.4.so". */
static bool is_named(const char *path, const char *library)
{
	const char *name = file_name(path);

	while (*library && *name == *library) {
		name++;
		library++;
	}
	return !*library && (*name == '.' || *name == '-');
}

static bool is_client_name(const char *path)
{
	for (const struct driver *const *driver = DRIVERS; *driver; driver++) {
		if (is_named(path, (*driver)->name))
			return true;
	}
	return false;
}

static bool is_libffi(const char *name, void *data)
{
	(void)data;
	return is_named(name, "libffi");
}

static bool is_client(const struct image *image)
{
	for (const struct driver *const *driver = DRIVERS; *driver; driver++) {
		if (image_is_instance(image, *driver))
			return true;
	}
	return false;
}

static bool brings_client(struct closure *closure)
{
	struct object member;

	for (unsigned i = 0; i < closure->count; i++) {
		if (object_at((const void *)closure->bases[i], &member) && is_client(&member.image))
			return true;
		closure_follow(closure, i);
	}
	return false;
}

static bool take_path(const char path[SEARCH_PATH_MAX], void *data)
{
	struct tree *tree = data;

	for (unsigned i = 0; i < tree->count; i++) {
		if (text_is(tree->paths[i], path))
			return true;
	}
	if (!elf_has_strings(path))
		return false;
	if (tree->count == FILES_MAX) {
		tree->is_full = true;
		return true;
	}
	for (size_t i = 0; i == 0 || path[i - 1]; i++)
		tree->paths[tree->count][i] = path[i];
	tree->count++;
	return true;
}

static bool search_run_path(const char *list, void *data)
{
	struct tree *tree = data;

	return search_list(list, tree->origin, tree->name, take_path, tree);
}

/* Finds the file that is meant, in the order of ld.so(8). */
static void take_name(struct tree *tree)
{
	if (file_name(tree->name) != tree->name)
		(void)search_path(tree->name, tree->origin, take_path, tree);
	else if (!elf_strings_visit(tree->origin, DT_RPATH, search_run_path, tree) &&
		 !elf_strings_visit(tree->origin, DT_RUNPATH, search_run_path, tree))
		(void)search_common(tree->name, take_path, tree);
}

/* True when that is enough to know. */
static bool look_at_needed(const char *name, void *data)
{
	struct closure closure = { .count = 0 };
	struct tree *tree = data;

	if (is_client_name(name))
		return true;
	if (closure_find(&closure, name))
		return brings_client(&closure);
	tree->name = name;
	take_name(tree);
	return tree->is_full;
}

static bool look_through(struct tree *tree, const char *name, const char *origin)
{
	tree->name = name;
	tree->origin = origin;
	take_name(tree);
	for (unsigned i = 0; i < tree->count; i++) {
		if (elf_strings_visit(tree->paths[i], DT_NEEDED, is_libffi, NULL))
			return true;
	}
	for (unsigned i = 0; i < tree->count; i++) {
		tree->origin = tree->paths[i];
		if (elf_strings_visit(tree->paths[i], DT_NEEDED, look_at_needed, tree))
			return true;
	}
	return false;
}

bool needs_client(const char *name, const void *caller)
{
	struct object object;

	if (is_client_name(name))
		return true;
	struct tree *tree = mmap(NULL, sizeof(*tree), PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (tree == MAP_FAILED)
		return true;
	if (!object_at(caller, &object) || !object.path[0])
		object.path = "/proc/self/exe";
	bool needs = look_through(tree, name, object.path);
	munmap(tree, sizeof(*tree));
	return needs;
}
