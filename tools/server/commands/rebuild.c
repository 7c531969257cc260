/* SPDX-License-Identifier: MIT */
/* `chaperone-server index rebuild`: what can be searched, made again from what was delivered. */
#include <errno.h>
#include <stdio.h>

#include "tools/server/commands/change.h"
#include "tools/server/commands/commands.h"
#include "tools/server/record/index.h"

struct rebuild {
	struct change change;
	uint64_t leaves;
};

static const struct option_row ROWS[] = {
	CHANGE_OPTION_DATA(rebuild),
	CHANGE_OPTION_JSON(rebuild),
};

static const struct change_case CASES[] = {
	{ -EUCLEAN, "bytes of the record are not what was delivered: chaperone-server export and "
		    "verify_export.py say which" },
	{ 0, NULL },
};

static int work(struct store *store, void *context)
{
	struct rebuild *rebuild = context;
	char leaves[24];
	int r = index_rebuild(store, &rebuild->leaves);

	if (r < 0)
		return r;
	snprintf(leaves, sizeof(leaves), "%llu", (unsigned long long)rebuild->leaves);
	return change_note(store, AUDIT_INDEX, leaves, SLICE(""));
}

static void show(const void *context)
{
	const struct rebuild *rebuild = context;

	printf(rebuild->change.is_json ? "{\"leaves\":%llu}\n" : "made again of %llu leaves\n",
	       (unsigned long long)rebuild->leaves);
}

static const struct change_command REBUILD = {
	.options = { OPTION_ROWS(ROWS),
		     .about = "Makes all that is searched again, from the bytes that machines\n"
			      "delivered.  What they deliver meanwhile waits.",
		     .exits = CHANGE_EXITS },
	.cases = CASES,
	.work = work,
	.show = show,
};

int command_index_rebuild(int argc, char **argv)
{
	struct rebuild rebuild = { .leaves = 0 };

	return change_run(&REBUILD, argc, argv, &rebuild);
}
