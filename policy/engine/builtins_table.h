/* SPDX-License-Identifier: MIT */
/* The tables behind policy/engine/builtins.h. */
#ifndef POLICY_ENGINE_BUILTINS_TABLE_H
#define POLICY_ENGINE_BUILTINS_TABLE_H

#include "common/cleanup.h"
#include "policy/engine/builtins.h"

struct builtin_function_row {
	const char *name;
	enum builtin_function class;
};

extern const struct builtin_function_row BUILTIN_FUNCTIONS[];
extern const size_t BUILTIN_FUNCTION_COUNT;

/* Whether a list of names separated by blanks, with blanks at both ends, has the name. */
bool builtin_is_listed(const char *list, struct slice name);

#endif
