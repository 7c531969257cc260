/* SPDX-License-Identifier: MIT */
/* `chaperone policy schema`: prints the JSON Schema of policies or of their tests. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

#include "policy/engine/schema_text.h"
#include "tools/chaperone/commands.h"

static const char HELP[] =
	"usage: chaperone policy schema [--test]\n"
	"\n"
	"Prints the JSON Schema of policy files, for editors that complete and check YAML.\n"
	"\n"
	"  --test      the schema of test files (NAME_test.yaml) instead\n"
	"  -h, --help  this text\n"
	"\n"
	"Exit status: 0 printed, 2 could not run.\n";

static const struct option OPTIONS[] = {
	{ "test", no_argument, NULL, 't' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int print(struct slice text)
{
	size_t written = fwrite(text.at, 1, text.length, stdout);

	return written == text.length && fflush(stdout) == 0 ? 0 : 2;
}

int command_policy_schema(int argc, char **argv)
{
	bool is_test = false;
	int option;

	optind = 0;
	while ((option = getopt_long(argc, argv, "h", OPTIONS, NULL)) != -1) {
		if (option == 'h')
			return print(SLICE(HELP));
		if (option != 't')
			return 2;
		is_test = true;
	}
	if (optind < argc) {
		fprintf(stderr, "chaperone policy schema: unexpected argument '%s'\n",
			argv[optind]);
		return 2;
	}
	return print(is_test ? policy_test_schema_text() : policy_schema_text());
}
