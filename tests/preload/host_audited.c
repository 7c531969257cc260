/* SPDX-License-Identifier: MIT */
/* Scenarios in which the loader binds past what is preloaded, and the auditor leads it back. */
#include "tests/preload/host.h"

#include <dlfcn.h>
#include <stdint.h>

#include "tests/preload/fakepq.h"
#include "tests/preload/fakeshim.h"

typedef int text_function(const char *text);
typedef void *sym_function(void *handle, const char *name);

static uintptr_t look_up(void *handle, const char *name)
{
	uintptr_t found = (uintptr_t)dlsym(handle, name);

	REQUIRE(found);
	return found;
}

/* How many calls of stand-ins there were since the last time. */
static int governed_calls(void)
{
	static int seen;
	int before = seen;

	seen = fakeshim_counts()->program;
	return seen - before;
}

/* The library calls itself through a stand-in too, which counts as internal when the call came through
 * one. */
static void require_governed(uintptr_t query)
{
	int internal = fakeshim_counts()->internal;

	REQUIRE(query && ((text_function *)query)("A") == 'A' + 1);
	REQUIRE(governed_calls() == 1 && fakeshim_counts()->internal == internal + 1);
}

static void dlsym_out_of_libc_is_governed(const char *folder)
{
	void *libc = dlopen("libc.so.6", RTLD_NOW);
	sym_function *look = (sym_function *)look_up(libc, "dlsym");
	void *a = open_in(folder, "libfakepq-a.so", RTLD_NOW);

	require_governed((uintptr_t)look(a, "fakepq_query"));
	REQUIRE(!look(a, "fakepq_no_such_function"));
	REQUIRE((uintptr_t)look(libc, "strlen") == look_up(libc, "strlen"));
}

static void a_deeply_bound_plugin_looks_up(const char *folder)
{
	void *plugin = open_in(folder, "plugin-look-none.so", RTLD_NOW | RTLD_DEEPBIND);
	void *b = ((plugin_open_function *)look_up(plugin, "plugin_open"))("libfakepq-b.so");

	REQUIRE(b);
	require_governed(
		((plugin_look_function *)look_up(plugin, "plugin_look"))(b, "fakepq_query"));
}

/* From beside it, both in a scope of their own: a stand-in has no version to be found by. */
static void a_version_is_looked_up_beside_its_library(const char *folder)
{
	void *plugin = open_in(folder, "plugin-look-versioned.so", RTLD_NOW | RTLD_LOCAL);
	plugin_look_version_function *look =
		(plugin_look_version_function *)look_up(plugin, "plugin_look_version");

	require_governed(look("fakepq_query", "FAKEPQ_1"));
	REQUIRE(!look("fakepq_query", "FAKEPQ_2"));
	REQUIRE(look("fakepq_plain", "FAKEPQ_1") && governed_calls() == 0);
}

/* It has a libc and a memory of its own. */
static void another_namespace_is_left_alone(const char *folder)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/libfakepq-a.so", folder);
	void *a = dlmopen(LM_ID_NEWLM, path, RTLD_NOW);
	REQUIRE(a && ((text_function *)look_up(a, "fakepq_query"))("A") == 'A' + 1);
	REQUIRE(governed_calls() == 0);
	REQUIRE(dlclose(a) == 0);
	require_copy(open_in(folder, "plugin-a.so", RTLD_NOW), "a");
	REQUIRE(governed_calls() == 1);
}

static void objects_come_and_go(const char *folder)
{
	for (int i = 0; i < 50; i++) {
		void *deep = open_in(folder, "deep.so", RTLD_LAZY);
		void *none = open_in(folder, "plugin-look-none.so", RTLD_NOW | RTLD_DEEPBIND);

		REQUIRE(((plugin_look_function *)look_up(none, "plugin_look"))(deep, "deep_asks"));
		REQUIRE(dlclose(none) == 0 && dlclose(deep) == 0);
	}
	dlsym_out_of_libc_is_governed(folder);
}

const struct scenario AUDITED_SCENARIOS[] = {
	{ "dlsym-out-of-libc-is-governed", dlsym_out_of_libc_is_governed },
	{ "a-deeply-bound-plugin-looks-up", a_deeply_bound_plugin_looks_up },
	{ "a-version-is-looked-up-beside-its-library", a_version_is_looked_up_beside_its_library },
	{ "another-namespace-is-left-alone", another_namespace_is_left_alone },
	{ "objects-come-and-go", objects_come_and_go },
	{ NULL, NULL },
};
