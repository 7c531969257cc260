/* SPDX-License-Identifier: MIT */
/* What the commands that list something have in common: options, the list in JSON or in lines, and how
 * it is shown. */
#ifndef TOOLS_SERVER_COMMANDS_LISTING_H
#define TOOLS_SERVER_COMMANDS_LISTING_H

#include "tools/command/options.h"
#include "tools/server/store/store.h"

#define LISTING_LAST 1000

struct listing_options {
	const char *data;
	uint64_t last; /* LISTING_LAST unless the command has an option for it */
	bool is_json;
};

#define LISTING_OPTION_DATA                                                                        \
	OPTION_TEXT(listing_options, data, "data", "FOLDER", "the folder that init made")
#define LISTING_OPTION_JSON OPTION_FLAG(listing_options, is_json, "json", "a list of objects")

#define LISTING_EXITS "0 listed, 1 the folder cannot be read, 2 asked wrongly"

struct listing {
	struct store *store;
	struct buf *out;
	struct listing_options options;
};

/* One command. */
struct listing_command {
	struct option_table options; /* of a struct listing_options, without operands */
	/* adds an object for each thing, or lines where is_json is false; what the store said, or 0 */
	int (*add)(struct listing *listing);
};

/* Runs it and returns its exit status. */
must_use int listing_run(const struct listing_command *command, int argc, char **argv);

/* For store_run, with a struct listing: adds the first column as a text, or behind a space in a line. */
must_use int listing_add_word(void *context, const struct store_value *columns, size_t count);

#endif
