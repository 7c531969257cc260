/* SPDX-License-Identifier: MIT */
/* `chaperone policy schema`: prints the JSON Schema of policies or of their tests. */
#include <stdbool.h>
#include <stdio.h>

#include "policy/engine/schema_text.h"
#include "tools/chaperone/commands.h"
#include "tools/command/options.h"

struct schema_options {
	bool is_test;
};

static const struct option_row ROWS[] = {
	OPTION_FLAG(schema_options, is_test, "test",
		    "the schema of test files (NAME_test.yaml) instead"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.about =
		"Prints the JSON Schema of policy files, for editors that complete and check YAML.",
	.exits = "0 printed, 2 could not run",
};

static int print(struct slice text)
{
	size_t written = fwrite(text.at, 1, text.length, stdout);

	return written == text.length && fflush(stdout) == 0 ? 0 : 2;
}

int command_policy_schema(int argc, char **argv)
{
	struct schema_options options = { .is_test = false };
	int status;

	if (!options_read(&OPTIONS, argc, argv, &options, &status))
		return status;
	return print(options.is_test ? policy_test_schema_text() : policy_schema_text());
}
