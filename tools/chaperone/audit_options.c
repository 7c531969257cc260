/* SPDX-License-Identifier: MIT */
/* What the options of the audit commands can say. */
#include <errno.h>

#include "tools/chaperone/audit.h"
#include "tools/command/places.h"

int audit_read_limit(const char *text, void *ret_limit)
{
	return option_number(text, 1, AUDIT_LIMIT_MAX, ret_limit);
}

int audit_read_record(const char *text, void *ret_record)
{
	return text[0] ? place_of_record(text, ret_record, NULL) : -EINVAL;
}

bool audit_options_read(const struct option_table *table, int argc, char **argv,
			struct audit_options *ret_options, int *ret_status)
{
	struct audit_options options = { .until_ns = UINT64_MAX };
	struct error error = { .text = "" };
	char **operands = options_read(table, argc, argv, &options, ret_status);

	if (!operands)
		return false;
	options.operand = operands[0];
	for (size_t i = 0; operands[i]; i++) {
		if (i == table->operands_min) /* one that may be missing stands for a record */
			options.export = operands[i];
	}
	if (!options.record[0] && !options.export &&
	    place_of_record(NULL, options.record, &error) < 0) {
		*ret_status = command_fail(argv[0], &error);
		return false;
	}
	*ret_options = options;
	return true;
}
