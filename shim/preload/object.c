/* SPDX-License-Identifier: MIT */
/* Walks the loader's list of objects. */
#include "shim/preload/object.h"

#include "shim/preload/walk.h"

/* All that asks the loader for its list. */
static int iterate(int (*callback)(struct dl_phdr_info *info, size_t size, void *data), void *data)
{
	walk_begin();
	int r = dl_iterate_phdr(callback, data);
	walk_end();
	return r;
}

struct visit {
	object_visitor *visit;
	void *data;
	bool is_first;
};

static int show(struct dl_phdr_info *info, size_t size, void *data)
{
	struct visit *visit = data;
	struct object object = { .path = info->dlpi_name ? info->dlpi_name : "",
				 .is_main = visit->is_first };

	(void)size;
	visit->is_first = false;
	if (image_open(info->dlpi_addr, info->dlpi_phdr, info->dlpi_phnum, &object.image) < 0)
		return 0;
	return visit->visit(&object, visit->data);
}

bool objects_visit(object_visitor *visit, void *data)
{
	struct visit all = { .visit = visit, .data = data, .is_first = true };

	return iterate(show, &all) != 0;
}

static int count(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)size;
	*(uint64_t *)data = info->dlpi_adds;
	return 1;
}

uint64_t objects_added(void)
{
	uint64_t added = 0;

	iterate(count, &added);
	return added;
}

struct search {
	uintptr_t address;
	struct object *found;
};

static bool is_at(const struct object *object, void *data)
{
	struct search *search = data;

	if (!image_holds(&object->image, search->address))
		return false;
	*search->found = *object;
	return true;
}

bool object_at(const void *address, struct object *ret_object)
{
	struct search search = { .address = (uintptr_t)address, .found = ret_object };

	return objects_visit(is_at, &search);
}

const char *file_name(const char *path)
{
	const char *name = path;

	for (; *path; path++) {
		if (*path == '/')
			name = path + 1;
	}
	return name;
}

bool object_is_named(const struct object *object, const char *needed)
{
	const char *soname = image_soname(&object->image);

	return (soname && text_is(soname, needed)) || text_is(file_name(object->path), needed) ||
	       text_is(object->path, needed);
}
