/* SPDX-License-Identifier: MIT */
/* Folders of policies and tests. */
#include "policy/engine/policy_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/slice.h"

static void close_folder(DIR **folder)
{
	if (*folder)
		closedir(*folder);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void policy_files_done(struct policy_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		free(files->paths[i]);
	free(files->paths);
	*files = (struct policy_files){ NULL, 0 };
}

static bool is_of_kind(struct slice name, enum policy_files_kind kind)
{
	bool is_test = slice_ends_with(name, "_test.yaml");

	if (kind == POLICY_STRAY)
		return slice_ends_with(name, ".yml");
	return slice_ends_with(name, ".yaml") && is_test == (kind == POLICY_TESTS);
}

static int add_path(struct policy_files *files, char *path)
{
	if (!path)
		return -ENOMEM;
	char **paths = realloc(files->paths, (files->count + 1) * sizeof(*paths));
	if (!paths) {
		free(path);
		return -ENOMEM;
	}
	files->paths = paths;
	paths[files->count++] = path;
	return 0;
}

static int add_in_folder(struct policy_files *files, const char *folder, const char *name)
{
	size_t size = strlen(folder) + strlen(name) + 2;
	bool has_slash = slice_ends_with(slice_of(folder), "/");
	char *path = malloc(size);

	if (path)
		snprintf(path, size, "%s%s%s", folder, has_slash ? "" : "/", name);
	return add_path(files, path);
}

static int read_folder(DIR *folder, const char *path, enum policy_files_kind kind,
		       struct policy_files *files)
{
	for (size_t seen = 0;; seen++) {
		errno = 0;
		const struct dirent *entry = readdir(folder);

		if (!entry)
			return -errno;
		if (seen >= POLICY_FOLDER_MAX)
			return -E2BIG;
		if (!is_of_kind(slice_of(entry->d_name), kind))
			continue;
		int r = add_in_folder(files, path, entry->d_name);
		if (r < 0)
			return r;
	}
}

static int find(const char *path, enum policy_files_kind kind, struct policy_files *files)
{
	SCOPED(close_folder) DIR *folder = opendir(path);

	if (folder) {
		int r = read_folder(folder, path, kind, files);

		if (r == 0 && files->count)
			qsort(files->paths, files->count, sizeof(*files->paths), compare);
		return r;
	}
	if (errno != ENOTDIR)
		return -errno;
	bool is_test = is_of_kind(slice_of(path), POLICY_TESTS);
	if (kind == POLICY_STRAY || is_test != (kind == POLICY_TESTS))
		return 0;
	return add_path(files, strdup(path));
}

int policy_files_find(const char *path, enum policy_files_kind kind, struct policy_files *ret_files,
		      struct error *error)
{
	SCOPED(policy_files_done) struct policy_files files = { NULL, 0 };
	int r = find(path, kind, &files);

	if (r < 0) {
		if (error)
			snprintf(error->file, sizeof(error->file), "%s", path);
		return error_system(error, r, "cannot read it");
	}
	*ret_files = files;
	files = (struct policy_files){ NULL, 0 };
	return 0;
}
