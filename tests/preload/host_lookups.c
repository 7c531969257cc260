/* SPDX-License-Identifier: MIT */
/* Scenarios in which functions are looked up and objects are opened past what is preloaded. */
#include "tests/preload/host.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/preload/fakepq.h"
#include "tests/preload/fakeshim.h"

typedef const char *identity_function(void);
typedef int text_function(const char *text);

static uintptr_t look_up(void *handle, const char *name)
{
	uintptr_t found = (uintptr_t)dlsym(handle, name);

	REQUIRE(found);
	return found;
}

static const char *identity(void *handle)
{
	return ((identity_function *)look_up(handle, "fakepq_identity"))();
}

/* How many calls of stand-ins there were since the last time. */
static int governed_calls(void)
{
	static int seen;
	int before = seen;

	seen = fakeshim_counts()->program;
	return seen - before;
}

static void looked_up_calls_are_governed(const char *folder)
{
	void *a = open_in(folder, "libfakepq-a.so", RTLD_NOW);

	REQUIRE(((text_function *)look_up(a, "fakepq_query"))("A") == 'A' + 1);
	REQUIRE(governed_calls() == 1 && fakeshim_counts()->internal == 1);
	REQUIRE_TEXT(((identity_function *)look_up(a, "fakepq_plain"))(), "a");
	REQUIRE(governed_calls() == 0);
}

static void looked_up_copies_are_told_apart(const char *folder)
{
	static const char *const COPIES[] = { "a", "b", "c", "symbolic", "sysv" };
	uintptr_t functions[5];
	char file[32];

	for (int i = 0; i < 5; i++) {
		snprintf(file, sizeof(file), "libfakepq-%s.so", COPIES[i]);
		functions[i] = look_up(open_in(folder, file, RTLD_NOW), "fakepq_identity");
	}
	for (int i = 0; i < 15; i++)
		REQUIRE_TEXT(((identity_function *)functions[i * 7 % 5])(), COPIES[i * 7 % 5]);
	REQUIRE(governed_calls() == 15 && fakeshim_instances() == 5);
}

static void versions_are_looked_up(const char *folder)
{
	void *handle = open_in(folder, "libfakepq-versioned.so", RTLD_NOW);
	uintptr_t found = (uintptr_t)dlvsym(handle, "fakepq_identity", "FAKEPQ_1");

	REQUIRE(found && !dlvsym(handle, "fakepq_identity", "FAKEPQ_2"));
	REQUIRE_TEXT(((identity_function *)found)(), "versioned");
	REQUIRE_TEXT(identity(handle), "versioned");
	REQUIRE(governed_calls() == 2);
}

/* The shim's own exports do not count as the program's. */
static void a_copy_without_room_fails_as_documented(const char *folder)
{
	char temporary[] = "/tmp/chaperone-preload-XXXXXX", link[64], target[4096];
	void *handle = NULL;

	REQUIRE(mkdtemp(temporary));
	snprintf(target, sizeof(target), "%s/libfakepq-b.so", folder);
	for (int i = 0; i < 17; i++) {
		char command[8400];

		snprintf(link, sizeof(link), "%s/%d.so", temporary, i);
		snprintf(command, sizeof(command), "exec /bin/cp '%s' %s", target, link);
		unsetenv("LD_PRELOAD");
		REQUIRE(system(command) == 0);
		handle = open_in(temporary, strrchr(link, '/') + 1, RTLD_NOW);
		unlink(link);
		if (i < 16)
			REQUIRE_TEXT(identity(handle), "b");
	}
	rmdir(temporary);
	REQUIRE(!identity(handle));
	REQUIRE(((text_function *)look_up(handle, "fakepq_send"))("A") == -1);
}

static void *look_up_in_thread(void *argument)
{
	void *handle = ((void **)argument)[0];

	pthread_barrier_wait(((void **)argument)[1]);
	for (int i = 0; i < 200; i++)
		REQUIRE_TEXT(identity(handle), ((char **)argument)[2]);
	return NULL;
}

static void eight_threads_look_up_at_once(const char *folder)
{
	static const char *const FILES[] = { "libfakepq-a.so", "libfakepq-b.so" };
	void *arguments[8][3];
	pthread_barrier_t barrier;
	pthread_t threads[8];

	REQUIRE(pthread_barrier_init(&barrier, NULL, 8) == 0);
	for (int i = 0; i < 8; i++) {
		arguments[i][0] = open_in(folder, FILES[i % 2], RTLD_NOW);
		arguments[i][1] = &barrier;
		arguments[i][2] = (char *)(i % 2 ? "b" : "a");
		REQUIRE(pthread_create(&threads[i], NULL, look_up_in_thread, arguments[i]) == 0);
	}
	for (int i = 0; i < 8; i++)
		REQUIRE(pthread_join(threads[i], NULL) == 0);
	REQUIRE(governed_calls() == 1600 && fakeshim_instances() == 2);
}

static identity_function *handled;
static volatile sig_atomic_t is_handled;

static void handle_signal(int signal)
{
	(void)signal;
	is_handled = handled()[0] == 'b';
}

/* A looked-up function is called in a handler; the look-up itself is not for handlers, with us or
 * without. */
static void a_signal_handler_calls_what_was_looked_up(const char *folder)
{
	identity_function *a = (identity_function *)look_up(
		open_in(folder, "libfakepq-a.so", RTLD_NOW), "fakepq_identity");

	handled = (identity_function *)look_up(open_in(folder, "libfakepq-b.so", RTLD_NOW),
					       "fakepq_identity");
	REQUIRE(signal(SIGUSR1, handle_signal) != SIG_ERR);
	REQUIRE_TEXT(a(), "a");
	REQUIRE(raise(SIGUSR1) == 0 && is_handled);
	REQUIRE_TEXT(a(), "a");
}

static void a_child_looks_up(const char *folder)
{
	void *b = open_in(folder, "libfakepq-b.so", RTLD_NOW);
	int status = -1;

	if (fork() == 0) {
		REQUIRE_TEXT(identity(b), "b");
		_Exit(0);
	}
	REQUIRE(wait(&status) > 0 && status == 0);
}

static void errno_stays(const char *folder)
{
	void *a = open_in(folder, "libfakepq-a.so", RTLD_NOW);

	errno = EXDEV;
	REQUIRE_TEXT(identity(a), "a");
	REQUIRE(open_in(folder, "plugin-a.so", RTLD_NOW | RTLD_DEEPBIND) && errno == EXDEV);
}

/* PHP opens its extensions so: the loader would bind them to their own copy, past us. */
static void deeply_bound_plugins_are_governed(const char *folder)
{
	static const char *const PLUGINS[][2] = {
		{ "plugin-a.so", "a" },
		{ "plugin-transitive.so", "c" },
		{ "plugin-hashed.so", "hashed" },
	};

	for (int i = 0; i < 3; i++) {
		void *plugin = open_in(folder, PLUGINS[i][0], RTLD_LAZY | RTLD_DEEPBIND);

		require_copy(plugin, PLUGINS[i][1]);
		REQUIRE(governed_calls() == 1);
	}
}

/* By name alone, found through LD_LIBRARY_PATH, as meson runs this. */
static void deeply_bound_by_name(const char *folder)
{
	(void)folder;
	void *plugin = dlopen("plugin-b.so", RTLD_LAZY | RTLD_DEEPBIND);

	REQUIRE(plugin);
	require_copy(plugin, "b");
	REQUIRE(governed_calls() == 1);
}

/* Defined by the program, by "deep" itself, and seen by it according to how it was opened. */
const char *deep_tells(void);
__attribute__((visibility("default"))) const char *deep_tells(void)
{
	return "program";
}

static void other_objects_stay_deeply_bound(const char *folder)
{
	void *deep = open_in(folder, "deep.so", RTLD_NOW | RTLD_DEEPBIND);

	REQUIRE_TEXT(((identity_function *)look_up(deep, "deep_asks"))(), "itself");
}

static void the_same_object_is_not_deep_by_itself(const char *folder)
{
	void *deep = open_in(folder, "deep.so", RTLD_NOW);

	REQUIRE_TEXT(((identity_function *)look_up(deep, "deep_asks"))(), "program");
}

static void nothing_stays_open(const char *folder)
{
	int before = dup(0);

	close(before);
	deeply_bound_plugins_are_governed(folder);
	other_objects_stay_deeply_bound(folder);
	REQUIRE(dup(0) == before);
}

const struct scenario LOOKUP_SCENARIOS[] = {
	{ "looked-up-calls-are-governed", looked_up_calls_are_governed },
	{ "looked-up-copies-are-told-apart", looked_up_copies_are_told_apart },
	{ "versions-are-looked-up", versions_are_looked_up },
	{ "a-copy-without-room-fails-as-documented", a_copy_without_room_fails_as_documented },
	{ "eight-threads-look-up-at-once", eight_threads_look_up_at_once },
	{ "a-signal-handler-calls-what-was-looked-up", a_signal_handler_calls_what_was_looked_up },
	{ "a-child-looks-up", a_child_looks_up },
	{ "errno-stays", errno_stays },
	{ "deeply-bound-plugins-are-governed", deeply_bound_plugins_are_governed },
	{ "deeply-bound-by-name", deeply_bound_by_name },
	{ "other-objects-stay-deeply-bound", other_objects_stay_deeply_bound },
	{ "the-same-object-is-not-deep-by-itself", the_same_object_is_not_deep_by_itself },
	{ "nothing-stays-open", nothing_stays_open },
	{ NULL, NULL },
};
