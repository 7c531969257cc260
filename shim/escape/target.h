/* SPDX-License-Identifier: MIT */
/* What a program is before it is started: whether the loader will load us into it. */
#ifndef SHIM_ESCAPE_TARGET_H
#define SHIM_ESCAPE_TARGET_H

#include <limits.h>
#include <stdbool.h>

/* In place of a folder that cannot be known. */
#define TARGET_FOLDER_UNKNOWN INT_MIN

enum target_kind {
	TARGET_ORDINARY,   /* or one that will not start */
	TARGET_OTHER_USER, /* the loader ignores what is preloaded: AT_SECURE, ld.so(8) */
	TARGET_STATIC,     /* no loader, or one of another machine or word size */
	TARGET_UNKNOWN,    /* it is looked for in a folder that cannot be known */
};

/* Where a program is; as execveat(2) has it. */
struct target {
	int folder; /* or the program itself, with AT_EMPTY_PATH */
	const char *path;
	int flags;
	bool is_searched; /* in PATH when the path has no slash */
	int working;      /* the folder it starts in: of relative interpreters, and in PATH */
};

/* Reads a few bytes of the file, and of the interpreters that scripts name.  Allocates nothing. */
enum target_kind target_look(const struct target *target);

#endif
