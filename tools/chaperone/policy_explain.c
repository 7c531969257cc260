/* SPDX-License-Identifier: MIT */
/* `chaperone policy explain`: what a policy would say of a statement, and why. */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/engine/rehearse.h"
#include "policy/engine/window.h"
#include "tools/chaperone/explanation.h"
#include "tools/chaperone/commands.h"

#define OUTPUT_MAX (64 * MIB)

static const char HELP[] =
	"usage: chaperone policy explain [--policy PATH] [--as NAME] [--kind KIND] [--database "
	"NAME]\n"
	"                                [--at INSTANT] [--facts] [--json] SQL\n"
	"\n"
	"Says what a policy decides about SQL, by which rules, and how each column is masked. No "
	"server\n"
	"is asked: names without a schema are taken as public's.\n"
	"\n"
	"  --policy PATH    a policy file or folder; otherwise $CHAPERONE_POLICY or ./chaperone\n"
	"  --as NAME        the caller is this one of the policy's people\n"
	"  --kind KIND      the caller is an agent, a job, a person or a service\n"
	"  --database NAME  one of the policy's databases, or other; needed where there are "
	"several\n"
	"  --at INSTANT     judge as of then (2026-11-18T14:00:00+01:00), not now\n"
	"  --facts          what was read from the text, too\n"
	"  --json           one JSON object instead of lines\n"
	"  -h, --help       this text\n"
	"\n"
	"Exit status: 0 allowed, 1 refused or waiting for approval, 2 could not run.\n";

static const struct option OPTIONS[] = {
	{ "policy", required_argument, NULL, 'p' },
	{ "as", required_argument, NULL, 'a' },
	{ "kind", required_argument, NULL, 'k' },
	{ "database", required_argument, NULL, 'd' },
	{ "at", required_argument, NULL, 't' },
	{ "facts", no_argument, NULL, 'f' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

struct request {
	const char *policy, *as, *kind, *database, *at, *sql;
	bool facts, json;
};

static int complain(const struct error *error)
{
	char line[1024];

	error_format(error, line, sizeof(line));
	fprintf(stderr, "chaperone policy explain: %s\n", line);
	return 2;
}

static int make_caller(const struct request *request, const struct policy *policy,
		       struct caller *ret_caller, struct error *error)
{
	int r = 0;

	ret_caller->count = 0;
	if (request->as)
		r = caller_declare(ret_caller, policy, request->as);
	if (r == -ENOENT)
		return error_set(error, r, "%s is not one of the policy's people", request->as);
	if (r == 0 && request->kind)
		r = caller_add(ret_caller, FACT_KIND, MARK_DECLARED, request->kind);
	return r == 0 ? 0 : error_system(error, r, "caller");
}

static int find_database(const struct request *request, const struct policy *policy,
			 const char **ret_name, struct error *error)
{
	if (request->database || policy->database_count == 0)
		*ret_name = request->database;
	else if (policy->database_count == 1)
		*ret_name = policy->databases[0].name;
	else
		return error_set(error, -EINVAL,
				 "the policy has several databases: expected --database NAME");
	return 0;
}

static int show(const struct request *request, const struct policy *policy,
		const struct facts *facts, const struct judgement *judgement)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(OUTPUT_MAX);

	if (request->json)
		explanation_json(policy, facts, judgement, &text);
	else
		explanation_text(policy, facts, judgement, &text);
	if (request->facts && !request->json) {
		buf_add_text(&text, "\nfacts\n");
		facts_print(facts, &text);
	}
	if (text.failed || fwrite(text.at, 1, text.length, stdout) != text.length ||
	    fflush(stdout) != 0)
		return 2;
	return judgement->decision == DECISION_ALLOW ? 0 : 1;
}

static int explain(const struct request *request, const struct policy *policy, int64_t now,
		   struct error *error)
{
	SCOPED(rehearsal_freep) struct rehearsal *rehearsal = NULL;
	struct judgement judgement;
	struct caller caller;
	const char *database = NULL;
	int status, r = make_caller(request, policy, &caller, error);

	if (r == 0)
		r = find_database(request, policy, &database, error);
	if (r == 0)
		r = rehearsal_new(policy, database, &caller, &rehearsal, error);
	if (r < 0)
		return complain(error);
	r = rehearsal_judge(rehearsal, CALL_QUERY, slice_of(request->sql), now, &judgement);
	if (r < 0) {
		error_system(error, r, "the statement could not be judged");
		return complain(error);
	}
	status = show(request, policy, rehearsal_facts(rehearsal), &judgement);
	judgement_done(&judgement);
	return status;
}

static bool take_option(struct request *request, int option)
{
	const struct {
		int option;
		const char **text;
	} texts[] = {
		{ 'p', &request->policy },   { 'a', &request->as }, { 'k', &request->kind },
		{ 'd', &request->database }, { 't', &request->at },
	};

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		if (texts[i].option == option)
			*texts[i].text = optarg;
	}
	request->facts |= option == 'f';
	request->json |= option == 'j';
	return option != '?';
}

static bool read_options(struct request *request, int argc, char **argv, int *ret_status)
{
	int option;

	optind = 0;
	*ret_status = 2;
	while ((option = getopt_long(argc, argv, "h", OPTIONS, NULL)) != -1) {
		if (option == 'h') {
			fputs(HELP, stdout);
			*ret_status = 0;
			return false;
		}
		if (!take_option(request, option))
			return false;
	}
	if (optind + 1 != argc) {
		fputs("chaperone policy explain: expected one SQL text\n", stderr);
		return false;
	}
	request->sql = argv[optind];
	return true;
}

int command_policy_explain(int argc, char **argv)
{
	SCOPED(policy_freep) struct policy *policy = NULL;
	struct request request = { .policy = getenv("CHAPERONE_POLICY") };
	struct error error = { .line = 0 };
	int64_t now = (int64_t)time(NULL);
	int status;

	if (!read_options(&request, argc, argv, &status))
		return status;
	if (request.at && instant_read(request.at, &now) < 0) {
		error_set(&error, -EINVAL,
			  "--at %s: expected an instant like 2026-11-18T14:00:00+01:00",
			  request.at);
		return complain(&error);
	}
	if (policy_read(request.policy ? request.policy : "chaperone", &policy, &error) < 0)
		return complain(&error);
	return explain(&request, policy, now, &error);
}
