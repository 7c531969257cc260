/* SPDX-License-Identifier: MIT */
/* Scenarios in which client libraries come and go with plugins. */
#include "tests/preload/host.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/preload/fakeshim.h"

static void local_plugin(const char *folder)
{
	require_copy(open_in(folder, "plugin-a.so", RTLD_NOW | RTLD_LOCAL), "a");
}

static void global_plugin(const char *folder)
{
	require_copy(open_in(folder, "plugin-a.so", RTLD_LAZY | RTLD_GLOBAL), "a");
}

static void each_plugin_has_its_own_copy(const char *folder)
{
	void *a = open_in(folder, "plugin-a.so", RTLD_NOW);
	void *b, *c;

	require_copy(a, "a");
	b = open_in(folder, "plugin-b.so", RTLD_NOW);
	c = open_in(folder, "plugin-transitive.so", RTLD_NOW);
	for (int i = 0; i < 3; i++) {
		require_copy(b, "b");
		require_copy(c, "c");
		require_copy(a, "a");
	}
	REQUIRE(fakeshim_instances() == 3);
}

static void transitive_dependency(const char *folder)
{
	void *c = open_in(folder, "plugin-transitive.so", RTLD_NOW);

	require_copy(c, "c");
	require_copy(open_in(folder, "plugin-b.so", RTLD_NOW), "b");
	require_copy(c, "c");
}

static void symbolic_copy(const char *folder)
{
	void *plugin = open_in(folder, "plugin-symbolic.so", RTLD_NOW);
	uintptr_t query = (uintptr_t)dlsym(plugin, "fakepq_query");

	require_copy(plugin, "symbolic");
	REQUIRE(((int (*)(const char *))query)("A") == 'A' + 1);
	/* Its call of itself is not seen: only the outer one and the plugin's were. */
	REQUIRE(fakeshim_counts()->internal == 0 && fakeshim_counts()->program == 2);
}

static void copy_with_sysv_hash(const char *folder)
{
	require_copy(open_in(folder, "plugin-sysv.so", RTLD_NOW), "sysv");
}

static void old_copy_lacks_a_function(const char *folder)
{
	uintptr_t newer = fakeshim_stand_in("fakepq_newer");
	void *plugin = open_in(folder, "plugin-old.so", RTLD_NOW);

	require_copy(plugin, "old");
	REQUIRE(((int (*)(void))newer)() == -1);
}

static void no_library_is_the_documented_failure(const char *folder)
{
	uintptr_t query = fakeshim_stand_in("fakepq_query");

	(void)folder;
	REQUIRE(!dlsym(RTLD_DEFAULT, "fakepq_query"));
	REQUIRE(((int (*)(const char *))query)("A") == -1);
	REQUIRE(fakeshim_instances() == 0);
}

static void closed_and_opened_again(const char *folder)
{
	void *plugin = open_in(folder, "plugin-a.so", RTLD_NOW);
	const char *identity = answers_of(plugin).identity;

	REQUIRE(dlclose(plugin) == 0);
	REQUIRE_TEXT(identity, "a"); /* still mapped */
	plugin = open_in(folder, "plugin-a.so", RTLD_NOW);
	require_copy(plugin, "a");
	REQUIRE(answers_of(plugin).identity == identity);
	REQUIRE(fakeshim_instances() == 1);
}

static void first_call_in_a_plugin_constructor(const char *folder)
{
	void *plugin = open_in(folder, "plugin-early.so", RTLD_NOW);
	uintptr_t early = (uintptr_t)dlsym(plugin, "plugin_early_identity");

	REQUIRE_TEXT(((const char *(*)(void))early)(), "a");
	require_copy(plugin, "a");
}

static void function_pointer_tells_its_copy(const char *folder)
{
	void *a = open_in(folder, "libfakepq-a.so", RTLD_NOW);
	void *b = open_in(folder, "libfakepq-b.so", RTLD_NOW);

	REQUIRE_TEXT(fakeshim_identity_of(dlsym(b, "fakepq_plain")), "b");
	REQUIRE_TEXT(fakeshim_identity_of(dlsym(a, "fakepq_plain")), "a");
	REQUIRE(!fakeshim_identity_of(folder));
}

static void copy_file(const char *from, const char *to)
{
	static char bytes[1 << 20];
	int source = open(from, O_RDONLY | O_CLOEXEC);
	int target = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
	ssize_t length = read(source, bytes, sizeof(bytes));

	REQUIRE(source >= 0 && target >= 0 && length > 0);
	REQUIRE(write(target, bytes, (size_t)length) == length);
	close(source);
	close(target);
}

/* Seventeen files of the same library, each an object of its own. */
static void sixteen_copies_and_no_more(const char *folder)
{
	char temporary[] = "/tmp/chaperone-preload-XXXXXX", from[4096], name[32], path[64];
	void *handles[17];

	REQUIRE(mkdtemp(temporary));
	snprintf(from, sizeof(from), "%s/libfakepq-b.so", folder);
	for (int i = 0; i < 17; i++) {
		snprintf(name, sizeof(name), "%d.so", i);
		snprintf(path, sizeof(path), "%s/%s", temporary, name);
		copy_file(from, path);
		handles[i] = open_in(temporary, name, RTLD_NOW);
		unlink(path);
	}
	rmdir(temporary);
	for (int i = 0; i < 16; i++)
		REQUIRE_TEXT(fakeshim_identity_of(dlsym(handles[i], "fakepq_plain")), "b");
	REQUIRE(!fakeshim_identity_of(dlsym(handles[16], "fakepq_plain")));
	REQUIRE(fakeshim_instances() == 16);
}

static void dlerror_text_is_left_alone(const char *folder)
{
	void *plugin = open_in(folder, "plugin-a.so", RTLD_NOW);

	(void)dlerror();
	require_copy(plugin, "a");
	REQUIRE(!dlerror());
}

const struct scenario PLUGIN_SCENARIOS[] = {
	{ "local-plugin", local_plugin },
	{ "global-plugin", global_plugin },
	{ "each-plugin-has-its-own-copy", each_plugin_has_its_own_copy },
	{ "transitive-dependency", transitive_dependency },
	{ "symbolic-copy", symbolic_copy },
	{ "copy-with-sysv-hash", copy_with_sysv_hash },
	{ "old-copy-lacks-a-function", old_copy_lacks_a_function },
	{ "no-library-is-the-documented-failure", no_library_is_the_documented_failure },
	{ "closed-and-opened-again", closed_and_opened_again },
	{ "first-call-in-a-plugin-constructor", first_call_in_a_plugin_constructor },
	{ "function-pointer-tells-its-copy", function_pointer_tells_its_copy },
	{ "sixteen-copies-and-no-more", sixteen_copies_and_no_more },
	{ "dlerror-text-is-left-alone", dlerror_text_is_left_alone },
	{ NULL, NULL },
};
