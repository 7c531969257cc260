/* SPDX-License-Identifier: MIT */
/* `chaperone policy rollback`: what was in force once becomes a draft again. */
#include <stdint.h>
#include <string.h>

#include "tools/remote/commands.h"
#include "tools/remote/edition.h"
#include "tools/remote/offer.h"

static const struct option_row ROWS[] = {
	AUTHOR_BUNDLE,
	AUTHOR_NEEDED(why, "why", "TEXT", "one line that `policy log` shows"),
	AUTHOR_KEY("sign it at once with the author's key in FILE"),
	AUTHOR_YES,
	AUTHOR_JSON("print the draft as JSON"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.operands = "VERSION",
	.operands_min = 1,
	.operands_max = 1,
	.about =
		"Makes a draft of a new version that has the files of VERSION.  A version never comes\n"
		"back itself: machines take none that is older than what they have.",
	.exits = AUTHOR_EXITS,
};

static int roll_back(const char *text, const struct author_options *options, struct error *error)
{
	SCOPED(visit_done) struct visit visit = VISIT_NONE;
	SCOPED(edition_done) struct edition old = EDITION_NONE;
	struct offer offer = { .rollback_of = 0 };
	int r = option_number(text, 1, INT64_MAX, &offer.rollback_of);

	if (r < 0)
		return error_set(error, r, "'%.64s' is no version: `policy log` lists them", text);
	r = visit_open(options->bundle, &visit, error);
	if (r == 0)
		r = edition_of_version(&visit, offer.rollback_of, &old, error);
	if (r != 0)
		return r;
	memcpy(offer.digest, old.release.source_digest, sizeof(offer.digest));
	return offer_make(&visit, options, &offer, error);
}

int command_policy_rollback(int argc, char **argv)
{
	return author_command(&OPTIONS, argc, argv, roll_back);
}
