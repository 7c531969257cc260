/* SPDX-License-Identifier: MIT */
/* `chaperone-server agent list` and `revoke`: the machines that are enrolled. */
#include <errno.h>

#include "tools/command/json.h"
#include "tools/command/terminal.h"
#include "tools/server/api/agent_json.h"
#include "tools/server/http/agent.h"
#include "tools/server/commands/change.h"
#include "tools/server/commands/commands.h"
#include "tools/server/commands/listing.h"
#include "tools/server/common/moment.h"

static void time_text(const struct store_value *value, char ret_text[MOMENT_SIZE])
{
	ret_text[0] = '\0';
	if (value->kind != STORE_NULL)
		moment_text(value->number, ret_text);
}

static int add_object(void *context, const struct store_value *columns, size_t count)
{
	struct buf *out = context;

	(void)count;
	agent_json_add(out, columns);
	return out->failed;
}

static int add_line(void *context, const struct store_value *columns, size_t count)
{
	struct buf *out = context;
	char seen[MOMENT_SIZE];

	(void)count;
	time_text(&columns[AGENT_SEEN], seen);
	buf_printf(out, "%.*s  %-8s %-20s  %.*s  %.*s\n", SLICE_ARGUMENTS(columns[AGENT_ID].bytes),
		   columns[AGENT_REVOKED].kind != STORE_NULL ? "revoked" : "enrolled",
		   seen[0] ? seen : "never seen", SLICE_ARGUMENTS(columns[AGENT_BUNDLE].bytes),
		   SLICE_ARGUMENTS(columns[AGENT_HOST].bytes));
	return out->failed;
}

static int add_agents(struct listing *listing)
{
	return store_run(listing->store,
			 "SELECT " AGENT_JSON_COLUMNS " FROM agent ORDER BY enrolled DESC, id",
			 STORE_NO_VALUES, listing->options.is_json ? add_object : add_line,
			 listing->out);
}

static const struct option_row LIST_ROWS[] = { LISTING_OPTION_DATA, LISTING_OPTION_JSON };

static const struct listing_command LIST = {
	.options = { OPTION_ROWS(LIST_ROWS),
		     .about = "Lists the machines that are enrolled, the latest first.",
		     .exits = LISTING_EXITS },
	.add = add_agents,
};

int command_agent_list(int argc, char **argv)
{
	return listing_run(&LIST, argc, argv);
}

static int end_agent(struct store *store, void *context)
{
	return agent_revoke(store, audit_system(), slice_of(change_operand(context, 0)));
}

static const struct option_row REVOKE_ROWS[] = { CHANGE_OPTION_DATA(change_alone) };

static const struct change_case REVOKE_CASES[] = {
	{ -ENOENT, "no machine that is enrolled is called that: chaperone-server agent list shows "
		   "them" },
	{ .text = NULL },
};

static const struct change_command REVOKE = {
	.options = { OPTION_ROWS(REVOKE_ROWS), .operands = "AGENT", .operands_min = 1,
		     .operands_max = 1,
		     .about = "The server answers the machine no more.  It can enrol again with a "
			      "new code.",
		     .exits = "0 revoked, 1 there is none of that name, 2 asked wrongly" },
	.cases = REVOKE_CASES,
	.work = end_agent,
};

int command_agent_revoke(int argc, char **argv)
{
	return change_run_alone(&REVOKE, argc, argv);
}
