/* SPDX-License-Identifier: MIT */
/* `chaperone policy sign`: an author signs a draft that he has looked at. */
#include "tools/remote/commands.h"
#include "tools/remote/proposal.h"

static const struct option_row ROWS[] = {
	AUTHOR_BUNDLE,
	AUTHOR_NEEDED(
		key, "key", "FILE",
		"the author's key, as `chaperone-server init` showed it, in a file with mode 0600"),
	AUTHOR_YES,
	AUTHOR_JSON("print what became of the draft as JSON, and what is signed on standard error"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.operands = "DRAFT",
	.operands_min = 1,
	.operands_max = 1,
	.about =
		"Shows what a draft says and changes, and signs it.  With the last signature that it\n"
		"needs it is in force.",
	.exits = AUTHOR_EXITS,
};

static int sign(const char *id, const struct author_options *options, struct error *error)
{
	SCOPED(visit_done) struct visit visit = VISIT_NONE;
	SCOPED(proposal_done) struct proposal proposal = PROPOSAL_NONE;
	int r = proposal_check_signer(options, error);

	if (r == 0)
		r = visit_open(options->bundle, &visit, error);
	if (r == 0)
		r = proposal_read(&visit, id, &proposal, error);
	if (r == 0)
		r = proposal_sign(&visit, options, &proposal, error);
	if (r == 0)
		proposal_tell(&visit, &proposal, options->is_json);
	return r;
}

int command_policy_sign(int argc, char **argv)
{
	return author_command(&OPTIONS, argc, argv, sign);
}
