/* SPDX-License-Identifier: MIT */
/* A plugin, as scripting languages load them: linked to a client library, or to one that is. */
#ifndef TESTS_PRELOAD_PLUGIN_H
#define TESTS_PRELOAD_PLUGIN_H

#include <stdint.h>

#pragma GCC visibility push(default)

struct plugin_answers {
	const char *identity; /* through the stand-in */
	const char *plain;    /* where the loader binds a function without one */
};

struct plugin_answers plugin_answers(void);

/* What the same call said in the plugin's constructor. */
const char *plugin_early_identity(void);

void middle_touch(void);

/* The loader's answers to the plugin. */
typedef uintptr_t plugin_look_function(void *handle, const char *name);
typedef void *plugin_open_function(const char *name);
plugin_look_function plugin_look;
typedef uintptr_t plugin_look_version_function(const char *name, const char *version);
plugin_look_version_function plugin_look_version;
plugin_open_function plugin_open;

#pragma GCC visibility pop

#endif
