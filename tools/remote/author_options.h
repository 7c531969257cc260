/* SPDX-License-Identifier: MIT */
/* Options of the commands with which authors work. */
#ifndef TOOLS_REMOTE_AUTHOR_OPTIONS_H
#define TOOLS_REMOTE_AUTHOR_OPTIONS_H

#include "common/error.h"
#include "tools/command/options.h"

struct author_options {
	const char *bundle, *why, *key;
	const char *replay;       /* of `policy push` */
	const char *add, *remove; /* of `policy key-change` */
	uint64_t threshold;       /* likewise; 0: as it is */
	bool is_yes, is_json;
};

#define AUTHOR_BUNDLE                                                                              \
	OPTION_TEXT(author_options, bundle, "bundle", "NAME",                                      \
		    "the server's policies that are meant (those of the log-in)")
#define AUTHOR_KEY(text)  OPTION_TEXT(author_options, key, "key", "FILE", text)
#define AUTHOR_YES        OPTION_FLAG(author_options, is_yes, "yes", "sign without asking")
#define AUTHOR_JSON(text) OPTION_FLAG(author_options, is_json, "json", text)

/* Without which there is nothing to do. */
#define AUTHOR_NEEDED(member, word, takes, text)                                                   \
	{                                                                                          \
		.name = word, .argument = takes,                                                   \
		.offset = OPTION_PLACE(author_options, member, const char *), .is_needed = true,   \
		.help = text                                                                       \
	}

#define AUTHOR_EXITS "0 done, 1 the server or a check says no, 2 asked wrongly"

/* Runs a command whose options these are and which takes one operand, NULL where that may be missing and
 * is; its exit status.  `run` returns what visit_end takes. */
int author_command(const struct option_table *table, int argc, char **argv,
		   int (*run)(const char *operand, const struct author_options *options,
			      struct error *error));

#endif
