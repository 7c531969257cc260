/* SPDX-License-Identifier: MIT */
/* Following DT_NEEDED through LD_LIBRARY_PATH, run paths, /etc/ld.so.conf.d and the usual
 * folders. */
#include "tools/chaperone/libraries.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/slice.h"

#define CONFIGURATION_GLOB "/etc/ld.so.conf.d/*.conf"

static const char *const USUAL[] = {
	"/lib/" MULTIARCH, "/usr/lib/" MULTIARCH, "/lib64", "/usr/lib64", "/lib",
	"/usr/lib",        "/usr/local/lib",
};

struct search {
	const char *name;
	const char *origin; /* the path of the object that asks */
	const struct buf *configured;
	char *ret_path; /* PATH_MAX bytes */
};

static bool try_folder(const struct search *search, struct slice folder)
{
	char path[PATH_MAX];
	const char *slash = strrchr(search->origin, '/');
	int n;

	if (folder.length == 0 || folder.length >= PATH_MAX)
		return false;
	if (slice_starts_with(folder, "$ORIGIN") || slice_starts_with(folder, "${ORIGIN}")) {
		struct slice rest = slice_part(folder, folder.at[1] == '{' ? 9 : 7, folder.length);

		n = snprintf(path, sizeof(path), "%.*s%.*s/%s",
			     slash ? (int)(slash - search->origin) : 0, search->origin,
			     SLICE_ARGUMENTS(rest), search->name);
	} else {
		n = snprintf(path, sizeof(path), "%.*s/%s", SLICE_ARGUMENTS(folder), search->name);
	}
	return n > 0 && n < PATH_MAX && realpath(path, search->ret_path) &&
	       elf_file_is_native(search->ret_path);
}

static bool try_folders(const struct search *search, struct slice folders, char separator)
{
	while (folders.length > 0) {
		struct slice folder = slice_trim(slice_cut(&folders, separator));

		if (!slice_starts_with(folder, "#") && try_folder(search, folder))
			return true;
	}
	return false;
}

static bool find(const struct search *search, const struct elf_file *asking)
{
	if (strchr(search->name, '/'))
		return realpath(search->name, search->ret_path) != NULL;
	if (try_folders(search, slice_of(getenv("LD_LIBRARY_PATH")), ':') ||
	    try_folders(search, slice_of(asking->run_path), ':') ||
	    try_folders(search, buf_view(search->configured), '\n'))
		return true;
	for (size_t i = 0; i < COUNT_OF(USUAL); i++) {
		if (try_folder(search, slice_of(USUAL[i])))
			return true;
	}
	return false;
}

/* Once for all libraries.  A file that cannot be read or does not fit is left out. */
static void read_configuration(struct buf *configured)
{
	glob_t files;

	if (glob(CONFIGURATION_GLOB, 0, NULL, &files) != 0)
		return;
	for (size_t i = 0; i < files.gl_pathc; i++) {
		size_t length = configured->length;

		if (file_read(files.gl_pathv[i], configured) < 0)
			buf_truncate(configured, length);
		buf_add_char(configured, '\n');
	}
	globfree(&files);
}

static bool has(const struct libraries *libraries, const char *name)
{
	for (size_t i = 0; i < libraries->count; i++) {
		if (strcmp(libraries->names[i], name) == 0)
			return true;
	}
	return false;
}

static int add(struct libraries *libraries, const char *name, const char *origin,
	       const struct elf_file *asking)
{
	char path[PATH_MAX];
	struct search search = { name, origin, &libraries->configured, path };
	size_t i = libraries->count;

	libraries->names[i] = strdup(name);
	libraries->paths[i] = libraries->names[i] && find(&search, asking) ? strdup(path) : NULL;
	if (!libraries->names[i])
		return -ENOMEM;
	libraries->count++;
	return 0;
}

static int add_needed(struct libraries *libraries, const char *origin, const struct elf_file *file)
{
	struct slice names = buf_view(&file->needed);
	int r = 0;

	while (names.length > 0 && libraries->count < LIBRARIES_MAX && r == 0) {
		struct slice name = slice_cut(&names, '\0');

		if (!has(libraries, name.at))
			r = add(libraries, name.at, origin, file);
	}
	return r;
}

int libraries_of(const char *path, const struct elf_file *file, struct libraries *libraries)
{
	size_t begin = libraries->count;

	if (libraries->configured.length == 0)
		read_configuration(&libraries->configured);
	int r = add_needed(libraries, path, file);
	return r < 0 ? r : (int)(libraries->count - begin);
}

int libraries_deeper(struct libraries *libraries)
{
	size_t begin = libraries->count;
	int r = 0;

	for (; libraries->looked_into < begin && r == 0; libraries->looked_into++) {
		const char *path = libraries->paths[libraries->looked_into];
		struct elf_file needed = ELF_FILE_EMPTY;

		if (path && elf_file_read(path, &needed) == 0)
			r = add_needed(libraries, path, &needed);
		elf_file_done(&needed);
	}
	return r < 0 ? r : (int)(libraries->count - begin);
}

void libraries_done(struct libraries *libraries)
{
	for (size_t i = 0; i < libraries->count; i++) {
		free(libraries->names[i]);
		free(libraries->paths[i]);
	}
	libraries->count = libraries->looked_into = 0;
	buf_done(&libraries->configured);
}
