/* SPDX-License-Identifier: MIT */
/* Comes to libpq past what is preloaded, in the way that its first argument names; the second is a
 * module (past_module.c) for ways that need one. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "past.h"

static void *found(void *handle)
{
	if (!handle)
		printf("%s\n", dlerror());
	return handle;
}

static void by_handle(const char *module)
{
	look_function *look =
		(look_function *)(uintptr_t)dlsym(dlopen("libc.so.6", RTLD_NOW), "dlsym");
	void *library = found(dlopen("libpq.so.5", RTLD_NOW));

	(void)module;
	if (library)
		past_use(look, library);
}

static void by_namespace(const char *module)
{
	void *library = found(dlmopen(LM_ID_NEWLM, "libpq.so.5", RTLD_NOW));

	(void)module;
	if (library)
		past_use(dlsym, library);
}

static void run_module(void *module, const char *name)
{
	void (*run)(void) = module ? (void (*)(void))(uintptr_t)dlsym(module, name) : NULL;

	if (run)
		run();
}

static void by_deep_module(const char *module)
{
	run_module(found(dlopen(module, RTLD_NOW | RTLD_DEEPBIND)), "module_looks");
}

static void by_module_in_a_namespace(const char *module)
{
	run_module(found(dlmopen(LM_ID_NEWLM, module, RTLD_NOW)), "module_looks");
}

static void by_many_namespaces(const char *module)
{
	for (int i = 0; i < 3; i++)
		by_module_in_a_namespace(module);
	by_handle(module);
}

static const struct {
	const char *name;
	void (*run)(const char *module);
} WAYS[] = {
	{ "handle", by_handle },        { "namespace", by_namespace },
	{ "deep", by_deep_module },     { "module", by_module_in_a_namespace },
	{ "many", by_many_namespaces },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 3 && i < sizeof(WAYS) / sizeof(WAYS[0]); i++) {
		if (strcmp(WAYS[i].name, argv[1]) == 0)
			WAYS[i].run(argv[2]);
	}
	return argc == 3 ? 0 : 2;
}
