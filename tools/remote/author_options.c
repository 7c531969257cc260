/* SPDX-License-Identifier: MIT */
#include "tools/remote/author_options.h"

#include "tools/remote/visit.h"

int author_command(const struct option_table *table, int argc, char **argv,
		   int (*run)(const char *operand, const struct author_options *options,
			      struct error *error))
{
	struct author_options options = { .why = NULL };
	struct error error = { .text = "" };
	int status;
	char **operands = options_read(table, argc, argv, &options, &status);

	if (!operands)
		return status;
	return visit_end(argv[0], run(operands[0], &options, &error), &error);
}
