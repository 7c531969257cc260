/* SPDX-License-Identifier: MIT */
/* Runs the scenario named on the command line. */
#include "tests/preload/host.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>

int errno_at_main;

void *open_in(const char *folder, const char *file, int flags)
{
	char path[4096];
	void *handle;

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	handle = dlopen(path, flags);
	if (!handle) {
		fprintf(stderr, "%s\n", dlerror());
		_Exit(1);
	}
	return handle;
}

struct plugin_answers answers_of(void *plugin)
{
	uintptr_t function = (uintptr_t)dlsym(plugin, "plugin_answers");

	REQUIRE(function);
	return ((struct plugin_answers(*)(void))function)();
}

void require_copy(void *plugin, const char *expected)
{
	struct plugin_answers answers = answers_of(plugin);

	REQUIRE_TEXT(answers.plain, expected);
	REQUIRE_TEXT(answers.identity, expected);
}

int main(int count, char **arguments)
{
	errno_at_main = errno;
	if (count != 3)
		return 2;
	for (const struct scenario *scenario = SCENARIOS; scenario->name; scenario++) {
		if (strcmp(scenario->name, arguments[1]) == 0) {
			scenario->run(arguments[2]);
			return 0;
		}
	}
	fprintf(stderr, "no scenario %s\n", arguments[1]);
	return 2;
}
