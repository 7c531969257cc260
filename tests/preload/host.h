/* SPDX-License-Identifier: MIT */
/* The governed program of these tests: one scenario per run, so that each meets an untouched
 * process. */
#ifndef TESTS_PRELOAD_HOST_H
#define TESTS_PRELOAD_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/preload/plugin.h"

struct scenario {
	const char *name;
	void (*run)(const char *folder); /* folder: where plugins and libraries are */
};

/* Ends with an empty row. */
extern const struct scenario PLUGIN_SCENARIOS[];  /* for a program without a client library */
extern const struct scenario LOOKUP_SCENARIOS[];  /* likewise */
extern const struct scenario AUDITED_SCENARIOS[]; /* likewise, with the auditor */
extern const struct scenario CALL_SCENARIOS[];    /* for a program linked to copy "a" */

/* errno as main found it. */
extern int errno_at_main;

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);  \
			_Exit(1);                                                                  \
		}                                                                                  \
	} while (0)

#define REQUIRE_TEXT(text, expected)                                                               \
	do {                                                                                       \
		const char *is = (text);                                                           \
		if (!is || strcmp(is, (expected)) != 0) {                                          \
			fprintf(stderr, "%s:%d: %s is %s, not %s\n", __FILE__, __LINE__, #text,    \
				is ? is : "NULL", (expected));                                     \
			_Exit(1);                                                                  \
		}                                                                                  \
	} while (0)

void *open_in(const char *folder, const char *file, int flags);
struct plugin_answers answers_of(void *plugin);

/* Through the stand-in and by the loader: both must be the copy `expected`. */
void require_copy(void *plugin, const char *expected);

#endif
