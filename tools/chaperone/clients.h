/* SPDX-License-Identifier: MIT */
/* The clients of databases that are known, and whether this version governs them: data. */
#ifndef TOOLS_CHAPERONE_CLIENTS_H
#define TOOLS_CHAPERONE_CLIENTS_H

#include <stddef.h>

#include "tools/command/report.h"

struct client {
	enum report_level level; /* REPORT_GOOD: governed */
	const char *database;
	const char *name; /* how people call it */
	/* the rest of the sentence: what it is, and for one that is not governed why */
	const char *how;
};

/* A library that programs are linked with, by the beginning of its name. */
struct client_library {
	const char *prefix;
	struct client client;
};
extern const struct client_library CLIENT_LIBRARIES[];
extern const size_t CLIENT_LIBRARY_COUNT;

/* The row's client for a library by its name ("libpq.so.5"), or NULL. */
const struct client *client_of_library(const char *name);

/* A program that needs no library because it has its client built in. */
struct client_program {
	const char *name;
	struct client client;
};
extern const struct client_program CLIENT_PROGRAMS[];
extern const size_t CLIENT_PROGRAM_COUNT;

/* The row's client for a program by its path, or NULL. */
const struct client *client_of_program(const char *path);

/* A driver that a language loads by itself: `file` below one of the runtime's folders. */
struct client_module {
	const char *runtime;
	const char *file;
	struct client client;
};
extern const struct client_module CLIENT_MODULES[];
extern const size_t CLIENT_MODULE_COUNT;

/* Where a language looks for its modules.  `~` is the home, `%` the folder above the interpreter's
 * own, `$NAME` a list of folders, `./` this folder and all above; `*` as in glob(7). */
struct runtime {
	const char *name;        /* of modules' rows */
	const char *interpreter; /* a pattern of the interpreter's file name */
	const char *folders[8];
	const char *remark; /* NULL: none */
};
extern const struct runtime RUNTIMES[];
extern const size_t RUNTIME_COUNT;

#endif
