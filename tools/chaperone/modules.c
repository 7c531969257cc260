/* SPDX-License-Identifier: MIT */
/* Which drivers an interpreter can import, told by the files in the folders where it looks. */
#include "tools/chaperone/modules.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/command/home.h"
#include "tools/chaperone/program.h"

#define FOLDERS_MAX 64 /* that one pattern stands for */

struct look {
	void (*found)(void *context, const struct client *client, const char *path);
	void *context;
	const struct runtime *runtime;
	const char *interpreter;
	bool is_told[64]; /* rows that were found already */
};

/* The file itself, or the first one of a pattern. */
static bool find_file(char path[PATH_MAX])
{
	glob_t found;

	if (!strchr(path, '*'))
		return access(path, F_OK) == 0;
	if (glob(path, GLOB_NOSORT, NULL, &found) != 0)
		return false;
	bool fits = snprintf(path, PATH_MAX, "%s", found.gl_pathv[0]) < PATH_MAX;
	globfree(&found);
	return fits;
}

static void look_in_one(struct look *look, const char *folder)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < CLIENT_MODULE_COUNT && i < COUNT_OF(look->is_told); i++) {
		const struct client_module *module = &CLIENT_MODULES[i];

		if (look->is_told[i] || strcmp(module->runtime, look->runtime->name) != 0 ||
		    snprintf(path, sizeof(path), "%s/%s", folder, module->file) >= PATH_MAX ||
		    !find_file(path))
			continue;
		look->is_told[i] = true;
		look->found(look->context, &module->client, path);
	}
}

/* The pattern is read once, not once for each driver: that takes a walk through folders as large as
 * /usr/lib. */
static void look_in(struct look *look, const char *pattern)
{
	glob_t folders;

	if (!strchr(pattern, '*')) {
		if (access(pattern, X_OK) == 0)
			look_in_one(look, pattern);
		return;
	}
	if (glob(pattern, GLOB_NOSORT | GLOB_ONLYDIR, NULL, &folders) != 0)
		return;
	for (size_t i = 0; i < folders.gl_pathc && i < FOLDERS_MAX; i++)
		look_in_one(look, folders.gl_pathv[i]);
	globfree(&folders);
}

/* The folder in which bin/ of the interpreter is. */
static void look_beside(struct look *look, const char *below)
{
	char path[PATH_MAX];
	const char *slash = strrchr(look->interpreter, '/');

	if (slash && snprintf(path, sizeof(path), "%.*s/..%s", (int)(slash - look->interpreter),
			      look->interpreter, below) < PATH_MAX)
		look_in(look, path);
}

static void look_in_list(struct look *look, const char *variable)
{
	struct slice list = slice_of(getenv(variable));
	char path[PATH_MAX];

	while (list.length > 0) {
		struct slice folder = slice_cut(&list, ':');

		if (folder.length > 0 &&
		    snprintf(path, sizeof(path), "%.*s", SLICE_ARGUMENTS(folder)) < PATH_MAX)
			look_in(look, path);
	}
}

static void look_upwards(struct look *look, const char *below)
{
	char folder[PATH_MAX], path[2 * PATH_MAX];

	if (!getcwd(folder, sizeof(folder)))
		return;
	for (char *end = folder + strlen(folder); end; end = strrchr(folder, '/')) {
		*end = '\0';
		snprintf(path, sizeof(path), "%s/%s", folder, below);
		look_in(look, path);
	}
}

static void look_at_home(struct look *look, const char *below)
{
	char path[PATH_MAX];

	if (home_path(below, path, sizeof(path)) == 0)
		look_in(look, path);
}

static void look_where(struct look *look, const char *folder)
{
	switch (folder[0]) {
	case '%':
		look_beside(look, folder + 1);
		break;
	case '~':
		look_at_home(look, folder + 2);
		break;
	case '$':
		look_in_list(look, folder + 1);
		break;
	case '.':
		look_upwards(look, folder + 2);
		break;
	default:
		look_in(look, folder);
	}
}

static const struct runtime *runtime_of(const char *interpreter)
{
	struct slice name = slice_of(program_name(interpreter));

	for (size_t i = 0; i < RUNTIME_COUNT; i++) {
		if (slice_matches(name, slice_of(RUNTIMES[i].interpreter)))
			return &RUNTIMES[i];
	}
	return NULL;
}

const struct runtime *modules_find(const char *interpreter,
				   void (*found)(void *context, const struct client *client,
						 const char *path),
				   void *context)
{
	struct look look = {
		.found = found,
		.context = context,
		.runtime = runtime_of(interpreter),
		.interpreter = interpreter,
	};

	for (size_t i = 0;
	     look.runtime && i < COUNT_OF(look.runtime->folders) && look.runtime->folders[i]; i++)
		look_where(&look, look.runtime->folders[i]);
	return look.runtime;
}
