/* SPDX-License-Identifier: MIT */
/* What an administrator may set of a server that runs: a table of settings, each a number with a
 * default and checks.  What is set holds from the next request on. */
#ifndef TOOLS_SERVER_PEOPLE_SETTING_H
#define TOOLS_SERVER_PEOPLE_SETTING_H

#include "tools/server/store/store.h"

enum setting_name {
	SETTING_AUTHOR_THRESHOLD,
	SETTING_FRESHNESS,
	SETTING_RETAIN, /* seconds; 0: for ever */
	SETTING_COUNT
};

struct setting {
	const char *name;
	const char *usual;    /* its value where none is set */
	const char *about;    /* what it says, one line */
	const char *expected; /* what a right value is */
	int (*read)(struct slice text, uint64_t *ret_number);
	/* whether the server can follow the value now; NULL: it always can */
	int (*check)(struct store *store, uint64_t number, struct error *error);
	uint64_t min, max; /* of the number */
};

extern const struct setting SETTINGS[SETTING_COUNT];

#define SETTING_VALUE_SIZE 64u

/* NULL: there is none of that name. */
const struct setting *setting_find(struct slice name);

/* What is set as it was written, or the usual value. */
must_use int setting_text(struct store *store, const struct setting *setting,
			  char ret_value[SETTING_VALUE_SIZE]);

/* The number that is set, or the usual one.  -EINVAL for one that nobody could have set. */
must_use int setting_read(struct store *store, enum setting_name name, uint64_t *ret_number);

/* Sets it.  `error` says what is wrong: -ENOENT for a name that is none, -EINVAL for a value that is
 * none or that its check refuses. */
must_use int setting_write(struct store *store, struct slice name, struct slice value,
			   struct error *error);

#endif
