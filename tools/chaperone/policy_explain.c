/* SPDX-License-Identifier: MIT */
/* `chaperone policy explain`: what a policy would say of a statement, and why. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/engine/rehearse.h"
#include "policy/engine/window.h"
#include "tools/chaperone/explanation.h"
#include "tools/command/command.h"
#include "tools/chaperone/commands.h"
#include "tools/command/options.h"

#define OUTPUT_MAX (64 * MIB)

struct explain_options {
	const char *policy, *as, *kind, *database, *sql;
	int64_t now;
	bool facts, json;
};

static int read_instant(const char *text, void *ret_seconds)
{
	return instant_read(text, ret_seconds);
}

static const struct option_row ROWS[] = {
	OPTION_TEXT(explain_options, policy, "policy", "PATH",
		    "a policy file or folder; otherwise $CHAPERONE_POLICY or ./chaperone"),
	OPTION_TEXT(explain_options, as, "as", "NAME",
		    "the caller is this one of the policy's people"),
	OPTION_TEXT(explain_options, kind, "kind", "KIND",
		    "the caller is an agent, a job, a person or a service"),
	OPTION_TEXT(explain_options, database, "database", "NAME",
		    "one of the policy's databases, or other; needed where there are several"),
	{ .name = "at",
	  .argument = "INSTANT",
	  .offset = offsetof(struct explain_options, now),
	  .read = read_instant,
	  .expected = "an instant like 2026-11-18T14:00:00+01:00",
	  .help = "judge as of then (2026-11-18T14:00:00+01:00), not now" },
	OPTION_FLAG(explain_options, facts, "facts", "what was read from the text, too"),
	OPTION_FLAG(explain_options, json, "json", "one JSON object instead of lines"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.operands = "SQL",
	.operands_min = 1,
	.operands_max = 1,
	.about =
		"Says what a policy decides about SQL, by which rules, and how each column is masked. No server\n"
		"is asked: names without a schema are taken as public's.",
	.exits = "0 allowed, 1 refused or waiting for approval, 2 could not run",
};

static int make_caller(const struct explain_options *options, const struct policy *policy,
		       struct caller *ret_caller, struct error *error)
{
	int r = 0;

	ret_caller->count = 0;
	if (options->as)
		r = caller_declare(ret_caller, policy, options->as);
	if (r == -ENOENT)
		return error_set(error, r, "%s is not one of the policy's people", options->as);
	if (r == 0 && options->kind)
		r = caller_add(ret_caller, FACT_KIND, MARK_DECLARED, options->kind);
	return r == 0 ? 0 : error_system(error, r, "caller");
}

static int find_database(const struct explain_options *options, const struct policy *policy,
			 const char **ret_name, struct error *error)
{
	if (options->database || policy->database_count == 0)
		*ret_name = options->database;
	else if (policy->database_count == 1)
		*ret_name = policy->databases[0].name;
	else
		return error_set(error, -EINVAL,
				 "the policy has several databases: expected --database NAME");
	return 0;
}

static int show(const struct explain_options *options, const struct policy *policy,
		const struct facts *facts, const struct judgement *judgement)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(OUTPUT_MAX);

	if (options->json)
		explanation_json(policy, facts, judgement, &text);
	else
		explanation_text(policy, facts, judgement, &text);
	if (options->facts && !options->json) {
		buf_add_text(&text, "\nfacts\n");
		facts_print(facts, &text);
	}
	if (text.failed || fwrite(text.at, 1, text.length, stdout) != text.length ||
	    fflush(stdout) != 0)
		return 2;
	return judgement->decision == DECISION_ALLOW ? 0 : 1;
}

static int explain(const struct explain_options *options, const struct policy *policy,
		   struct error *error)
{
	SCOPED(rehearsal_freep) struct rehearsal *rehearsal = NULL;
	struct judgement judgement;
	struct caller caller;
	const char *database = NULL;
	int status, r = make_caller(options, policy, &caller, error);

	if (r == 0)
		r = find_database(options, policy, &database, error);
	if (r == 0)
		r = rehearsal_new(policy, database, &caller, &rehearsal, error);
	if (r < 0)
		return command_fail("policy explain", error);
	r = rehearsal_judge(rehearsal, CALL_QUERY, slice_of(options->sql), options->now,
			    &judgement);
	if (r < 0) {
		error_system(error, r, "the statement could not be judged");
		return command_fail("policy explain", error);
	}
	status = show(options, policy, rehearsal_facts(rehearsal), &judgement);
	judgement_done(&judgement);
	return status;
}

int command_policy_explain(int argc, char **argv)
{
	SCOPED(policy_freep) struct policy *policy = NULL;
	struct explain_options options = { .policy = getenv("CHAPERONE_POLICY"),
					   .now = (int64_t)time(NULL) };
	struct error error = { .line = 0 };
	int status;
	char **operands = options_read(&OPTIONS, argc, argv, &options, &status);

	if (!operands)
		return status;
	options.sql = operands[0];
	if (policy_read(options.policy ? options.policy : "chaperone", &policy, &error) < 0)
		return command_fail(argv[0], &error);
	return explain(&options, policy, &error);
}
