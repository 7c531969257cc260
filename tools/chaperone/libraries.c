/* SPDX-License-Identifier: MIT */
/* Following DT_NEEDED through LD_LIBRARY_PATH, run paths, /etc/ld.so.conf.d and the usual folders. */
#include "tools/chaperone/libraries.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/slice.h"

#define CONFIGURATION_GLOB "/etc/ld.so.conf.d/*.conf"
#define CONFIGURATION_MAX  (64 * KIB)

static const char *const USUAL[] = {
	"/lib/" MULTIARCH, "/usr/lib/" MULTIARCH, "/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib",
};

struct search {
	const char *name;
	const char *origin;      /* the path of the object that asks */
	char *ret_path;          /* PATH_MAX bytes */
};

static bool is_of_this_machine(const char *path)
{
	struct elf_file file;
	bool is_native = elf_file_read(path, &file) == 0 && file.is_native;

	elf_file_done(&file);
	return is_native;
}

static bool try_folder(const struct search *search, struct slice folder)
{
	char path[PATH_MAX];
	const char *slash = strrchr(search->origin, '/');
	int n;

	if (folder.length == 0 || folder.length >= PATH_MAX)
		return false;
	if (slice_starts_with(folder, "$ORIGIN") || slice_starts_with(folder, "${ORIGIN}")) {
		struct slice rest = slice_part(folder, folder.at[1] == '{' ? 9 : 7, folder.length);

		n = snprintf(path, sizeof(path), "%.*s%.*s/%s", slash ? (int)(slash - search->origin) : 0, search->origin,
			     SLICE_ARGUMENTS(rest), search->name);
	} else {
		n = snprintf(path, sizeof(path), "%.*s/%s", SLICE_ARGUMENTS(folder), search->name);
	}
	return n > 0 && n < PATH_MAX && realpath(path, search->ret_path) && is_of_this_machine(search->ret_path);
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

static bool try_configured(const struct search *search)
{
	bool is_found = false;
	glob_t files;

	if (glob(CONFIGURATION_GLOB, 0, NULL, &files) != 0)
		return false;
	for (size_t i = 0; i < files.gl_pathc && !is_found; i++) {
		SCOPED(buf_done) struct buf text = BUF_MAX(CONFIGURATION_MAX);

		is_found = file_read(files.gl_pathv[i], &text) == 0 && try_folders(search, buf_view(&text), '\n');
	}
	globfree(&files);
	return is_found;
}

static bool find(const struct search *search, const struct elf_file *asking)
{
	if (strchr(search->name, '/'))
		return realpath(search->name, search->ret_path) != NULL;
	if (try_folders(search, slice_of(getenv("LD_LIBRARY_PATH")), ':') ||
	    try_folders(search, slice_of(asking->run_path), ':') || try_configured(search))
		return true;
	for (size_t i = 0; i < COUNT_OF(USUAL); i++) {
		if (try_folder(search, slice_of(USUAL[i])))
			return true;
	}
	return false;
}

static bool has(const struct libraries *libraries, const char *name)
{
	for (size_t i = 0; i < libraries->count; i++) {
		if (strcmp(libraries->names[i], name) == 0)
			return true;
	}
	return false;
}

static int add(struct libraries *libraries, const char *name, const char *origin, const struct elf_file *asking)
{
	char path[PATH_MAX];
	struct search search = { name, origin, path };
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
	int r = add_needed(libraries, path, file);

	for (size_t i = begin; i < libraries->count && r == 0; i++) {
		struct elf_file needed = ELF_FILE_EMPTY;

		if (libraries->paths[i] && elf_file_read(libraries->paths[i], &needed) == 0)
			r = add_needed(libraries, libraries->paths[i], &needed);
		elf_file_done(&needed);
	}
	return r;
}

void libraries_done(struct libraries *libraries)
{
	for (size_t i = 0; i < libraries->count; i++) {
		free(libraries->names[i]);
		free(libraries->paths[i]);
	}
	libraries->count = 0;
}
