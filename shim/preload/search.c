/* SPDX-License-Identifier: MIT */
/* Writes the paths at which a library may be. */
#include "shim/preload/search.h"

#include <stdlib.h>

#include "common/cleanup.h"
#include "shim/preload/image.h"
#include "shim/preload/object.h"

struct path {
	size_t length;
	bool is_too_long;
	char text[SEARCH_PATH_MAX];
};

static void add(struct path *path, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (path->length + 1 >= SEARCH_PATH_MAX) {
			path->is_too_long = true;
			return;
		}
		path->text[path->length++] = text[i];
	}
	path->text[path->length] = '\0';
}

static size_t length_of(const char *text)
{
	size_t length = 0;

	while (text[length])
		length++;
	return length;
}

/* Without the slashes at its end, so that one file does not get ever longer paths. */
static size_t folder_length(const char *path)
{
	size_t length = length_of(path);

	while (length > 0 && path[length - 1] != '/')
		length--;
	while (length > 1 && path[length - 1] == '/')
		length--;
	return length;
}

static bool begins_with(const char *text, const char *beginning)
{
	while (*beginning && *text == *beginning) {
		text++;
		beginning++;
	}
	return !*beginning;
}

/* Length of what stands for the object's own folder, or 0 (ld.so(8), dynamic string tokens). */
static size_t origin_length(const char *text)
{
	static const char *const TOKENS[] = { "$ORIGIN", "${ORIGIN}" };

	for (size_t i = 0; i < COUNT_OF(TOKENS); i++) {
		if (begins_with(text, TOKENS[i]))
			return length_of(TOKENS[i]);
	}
	return 0;
}

/* Adds what stands in front of `end`, returns what is left. */
static const char *add_expanded(struct path *path, const char *text, char end, const char *origin)
{
	while (*text && *text != end) {
		size_t token = origin_length(text);

		if (token)
			add(path, origin, folder_length(origin));
		else
			add(path, text, 1);
		text += token ? token : 1;
	}
	return text;
}

bool search_path(const char *name, const char *origin, search_visitor *visit, void *data)
{
	struct path path = { .length = 0 };

	(void)add_expanded(&path, name, '\0', origin);
	return !path.is_too_long && visit(path.text, data);
}

bool search_list(const char *list, const char *origin, const char *name, search_visitor *visit,
		 void *data)
{
	while (list && *list) {
		struct path path = { .length = 0 };

		list = add_expanded(&path, list, ':', origin);
		if (path.length && path.text[path.length - 1] != '/')
			add(&path, "/", 1);
		add(&path, name, length_of(name));
		if (!path.is_too_long && visit(path.text, data))
			return true;
		list += *list == ':';
	}
	return false;
}

static bool is_libc(const struct object *object, void *data)
{
	const char *soname = image_soname(&object->image);

	if (!soname || !text_is(soname, "libc.so.6"))
		return false;
	*(struct object *)data = *object;
	return true;
}

bool search_common(const char *name, search_visitor *visit, void *data)
{
	static const char FOLDERS[] = "/usr/local/lib:/lib64:/usr/lib64:/lib:/usr/lib";
	struct object libc;

	return search_list(getenv("LD_LIBRARY_PATH"), "", name, visit, data) ||
	       (objects_visit(is_libc, &libc) &&
		search_list("$ORIGIN", libc.path, name, visit, data)) ||
	       search_list(FOLDERS, "", name, visit, data);
}
