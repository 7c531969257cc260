/* SPDX-License-Identifier: MIT */
/* Which drivers an interpreter can import, told by the files in the folders where it looks. */
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/chaperone/clients.h"
#include "tools/chaperone/home.h"

struct look {
	struct doctor *doctor;
	const struct runtime *runtime;
	const char *interpreter;
	size_t found;
	bool is_told[64]; /* rows that were found already */
};

static void look_for(struct look *look, const char *folder, size_t row)
{
	const struct client_module *module = &CLIENT_MODULES[row];
	char pattern[PATH_MAX];
	glob_t found;
	int n = snprintf(pattern, sizeof(pattern), "%s/%s", folder, module->file);

	if (n < 0 || n >= PATH_MAX || glob(pattern, GLOB_NOSORT, NULL, &found) != 0)
		return;
	doctor_say(look->doctor, module->client.level, module->client.database, "%s%s   %s",
		   module->client.level == DOCTOR_PROBLEM ? "NOT GOVERNED   " : "", module->client.how, found.gl_pathv[0]);
	look->is_told[row] = true;
	look->found++;
	globfree(&found);
}

static void look_in(struct look *look, const char *folder)
{
	for (size_t i = 0; i < CLIENT_MODULE_COUNT && i < COUNT_OF(look->is_told); i++) {
		if (!look->is_told[i] && strcmp(CLIENT_MODULES[i].runtime, look->runtime->name) == 0)
			look_for(look, folder, i);
	}
}

/* The folder in which bin/ of the interpreter is. */
static void look_beside(struct look *look, const char *below)
{
	char path[PATH_MAX];
	const char *slash = strrchr(look->interpreter, '/');

	if (slash && snprintf(path, sizeof(path), "%.*s/..%s", (int)(slash - look->interpreter), look->interpreter, below) <
			     PATH_MAX)
		look_in(look, path);
}

static void look_in_list(struct look *look, const char *variable)
{
	struct slice list = slice_of(getenv(variable));
	char path[PATH_MAX];

	while (list.length > 0) {
		struct slice folder = slice_cut(&list, ':');

		if (folder.length > 0 && snprintf(path, sizeof(path), "%.*s", SLICE_ARGUMENTS(folder)) < PATH_MAX)
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
	const char *slash = strrchr(interpreter, '/');
	struct slice name = slice_of(slash ? slash + 1 : interpreter);

	for (size_t i = 0; i < RUNTIME_COUNT; i++) {
		if (slice_matches(name, slice_of(RUNTIMES[i].interpreter)))
			return &RUNTIMES[i];
	}
	return NULL;
}

void doctor_modules(struct doctor *doctor, const char *interpreter)
{
	struct look look = { .doctor = doctor, .runtime = runtime_of(interpreter), .interpreter = interpreter };

	if (!look.runtime)
		return;
	for (size_t i = 0; i < COUNT_OF(look.runtime->folders) && look.runtime->folders[i]; i++)
		look_where(&look, look.runtime->folders[i]);
	if (look.runtime->remark)
		doctor_say(doctor, DOCTOR_NOTE, look.runtime->name, "%s", look.runtime->remark);
	else if (look.found == 0)
		doctor_say(doctor, DOCTOR_NOTE, look.runtime->name, "no known driver of a database is installed for it");
}
