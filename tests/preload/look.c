/* SPDX-License-Identifier: MIT */
/* Looks functions up and opens objects in every way there is, and prints what the loader said: the
 * same with the shim as without it.  Usage: look FOLDER */
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/preload/plugin.h"

static const char *folder;

static void say_error(void)
{
	char text[4096] = "no error";
	const char *said = dlerror();

	/* The one thing that may differ between runs is where the folder is. */
	if (said)
		snprintf(text, sizeof(text), "%s",
			 strncmp(said, folder, strlen(folder)) == 0 ? said + strlen(folder) : said);
	printf(" [%s]%s", text, dlerror() ? " twice" : "");
}

static void say(const char *what, uintptr_t function)
{
	printf("%s:", what);
	say_error();
	if (function)
		printf(" %s", ((const char *(*)(void))function)());
	printf(" errno %d\n", errno);
	errno = 0;
}

static void *open_one(const char *file, int flags)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	void *handle = dlopen(path, flags);
	printf("open %s %s:", file, handle ? "good" : "NULL");
	say_error();
	printf("\n");
	return handle;
}

static void look_by_handle(const char *whose, void *handle, const char *version)
{
	char what[100];

	snprintf(what, sizeof(what), "%s %s", whose, version ? version : "plain");
	if (version) {
		say(what, (uintptr_t)dlvsym(handle, "fakepq_identity", version));
		say(what, (uintptr_t)dlvsym(handle, "fakepq_absent", version));
		return;
	}
	say(what, (uintptr_t)dlsym(handle, "fakepq_identity"));
	say(what, (uintptr_t)dlsym(handle, "fakepq_plain"));
	say(what, (uintptr_t)dlsym(handle, "fakepq_absent"));
}

static void look_everywhere(const char *when)
{
	static const char *const VERSIONS[] = { NULL, "FAKEPQ_1", "FAKEPQ_2", "GLIBC_2.2.5" };

	printf("== %s\n", when);
	for (size_t i = 0; i < sizeof(VERSIONS) / sizeof(VERSIONS[0]); i++) {
		look_by_handle("default", RTLD_DEFAULT, VERSIONS[i]);
		look_by_handle("next", RTLD_NEXT, VERSIONS[i]);
		look_by_handle("program", dlopen(NULL, RTLD_LAZY), VERSIONS[i]);
	}
}

/* From inside a plugin, whose own scope is searched too. */
static void look_from(const char *whose, void *plugin)
{
	uintptr_t look = (uintptr_t)dlsym(plugin, "plugin_look"),
		  open = (uintptr_t)dlsym(plugin, "plugin_open");
	static const char *const NAMES[] = { "fakepq_identity", "fakepq_plain", "fakepq_absent" };

	printf("== from %s\n", whose);
	for (int i = 0; look && i < 3; i++) {
		say(NAMES[i], ((plugin_look_function *)look)(RTLD_DEFAULT, NAMES[i]));
		say(NAMES[i], ((plugin_look_function *)look)(RTLD_NEXT, NAMES[i]));
	}
	if (!open)
		return;
	void *handle = ((plugin_open_function *)open)("libfakepq-b.so");
	printf("open by its run path %s:", handle ? "good" : "NULL");
	say_error();
	printf("\n");
	look_by_handle("by its run path", handle ? handle : plugin, NULL);
}

static void pending_errors(void *handle)
{
	(void)dlopen("/no/such/object", RTLD_NOW);
	say("behind a failure", (uintptr_t)dlsym(handle, "fakepq_identity"));
	say("a failure", (uintptr_t)dlsym(handle, "no_such_function"));
	(void)dlopen("no-such-object.so", RTLD_NOW | RTLD_DEEPBIND);
	say("no such object", 0);
	(void)dlopen("/no/such/object", RTLD_NOW | RTLD_DEEPBIND);
	say("no such path", 0);
}

int main(int count, char **arguments)
{
	static const char *const FILES[] = { "libfakepq-a.so", "libfakepq-b.so",
					     "libfakepq-versioned.so", "libfakepq-e8a033dd.so.5.16",
					     "clash.so" };

	if (count < 2)
		return 2;
	folder = arguments[1];
	look_everywhere("before anything is loaded");
	for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++) {
		void *handle = open_one(FILES[i], RTLD_NOW | RTLD_LOCAL);

		look_by_handle(FILES[i], handle, NULL);
		look_by_handle(FILES[i], handle, "FAKEPQ_1");
		look_by_handle(FILES[i], handle, "FAKEPQ_2");
		uintptr_t send = (uintptr_t)dlsym(handle, "fakepq_send");
		printf("sends %c\n", send ? ((int (*)(const char *))send)("xy") : '-');
	}
	pending_errors(open_one("libfakepq-a.so", RTLD_NOW));
	look_from("plugin-look-a", open_one("plugin-look-a.so", RTLD_NOW | RTLD_LOCAL));
	look_from("plugin-look-none", open_one("plugin-look-none.so", RTLD_NOW | RTLD_LOCAL));
	look_from("plugin-look-sibling", open_one("plugin-look-sibling.so", RTLD_NOW | RTLD_LOCAL));
	look_everywhere("with local copies");
	open_one("libfakepq-b.so", RTLD_NOW | RTLD_GLOBAL | RTLD_NOLOAD);
	look_everywhere("with a global copy");
	return 0;
}
