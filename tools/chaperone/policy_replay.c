/* SPDX-License-Identifier: MIT */
/* `chaperone policy replay`: what a policy would have decided of what is on the record. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/chaperone/audit.h"
#include "tools/chaperone/audit_print.h"
#include "tools/chaperone/audit_select.h"
#include "tools/chaperone/audit_source.h"
#include "tools/chaperone/replay.h"

static const struct option_row ROWS[] = {
	OPTION_TEXT(audit_options, policy, "policy", "PATH",
		    "a policy file or folder; otherwise $CHAPERONE_POLICY or ./chaperone"),
	OPTION_TEXT(audit_options, was, "was", "PATH",
		    "the policy of then: where it does not lead to what was\n"
		    "decided, nothing is concluded"),
	AUDIT_RECORD,
	AUDIT_FILTERS,
	AUDIT_SPAN,
	AUDIT_LIMIT("show at most this many (1000); all are counted"),
	OPTION_FLAG(audit_options, shows_untold, "untold",
		    "show the statements of which it cannot be told, too"),
	OPTION_FLAG(audit_options, fails_on_change, "fail-on-change", "exit 1 if one changed"),
	AUDIT_JSON("one JSON object per line, totals last, times in UTC"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.operands = "[EXPORT]",
	.operands_max = 1,
	.about =
		"Judges every statement of the record, or of what `chaperone-server export` wrote, again and shows\n"
		"those that would be decided otherwise.  No server is asked.  The record holds no literals: what is up to them is counted, not guessed.",
	.exits =
		"0 judged, 1 something changed (--fail-on-change), 2 could not run, or not all of the record",
};

struct replaying {
	const struct audit_options *options;
	struct replay replay;
	bool is_damaged;
};

static void replaying_done(struct replaying *replaying)
{
	replay_done(&replaying->replay);
}

static int add(void *context, const struct audit_event *event)
{
	struct replaying *replaying = context;

	if (!audit_is_selected(replaying->options, event))
		return 0;
	return replay_add(&replaying->replay, event);
}

static void complain(void *context, const struct error *error)
{
	struct replaying *replaying = context;

	replaying->is_damaged = true;
	audit_print_complaint(NULL, error);
}

static int print_findings(const struct replaying *replaying, bool is_changed, uint64_t *left)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(AUDIT_LINE_MAX);
	SCOPED(free_p) const struct replay_finding **list = NULL;
	size_t count = 0;
	int r = replay_sort(&replaying->replay, is_changed, &list, &count);

	for (size_t i = 0; i<count && * left> 0 && r == 0; i++, --*left) {
		replay_print_finding(list[i], replaying->options->is_json, &text);
		r = audit_print(&text);
	}
	return r;
}

static int print_all(const struct replaying *replaying)
{
	const struct audit_options *options = replaying->options;
	SCOPED(buf_done) struct buf text = BUF_MAX(AUDIT_LINE_MAX);
	uint64_t left = options->limit ? options->limit : AUDIT_LIMIT_DEFAULT;
	int r = print_findings(replaying, true, &left);

	if (r == 0 && options->shows_untold)
		r = print_findings(replaying, false, &left);
	if (r < 0)
		return r;
	replay_print_totals(&replaying->replay, options->is_json, &text);
	r = audit_print(&text);
	return r == 0 && fflush(stdout) != 0 ? -errno : r;
}

static int read_events(struct replaying *replaying, struct error *error)
{
	SCOPED(audit_source_close) struct audit_source source = AUDIT_SOURCE_NONE;
	const struct audit_options *options = replaying->options;
	int r = audit_source_open(options, &source, error);

	if (r == 0)
		r = audit_source_read(&source, options, add, complain, replaying, error);
	if (r < 0)
		return r;
	/* while the source holds the texts that findings point to */
	r = print_all(replaying);
	return r < 0 ? error_system(error, r, "standard output") : 0;
}

static int replay(const struct audit_options *options, const struct policy *policy,
		  const struct policy *was)
{
	SCOPED(replaying_done)
	struct replaying replaying = {
		.options = options,
		.replay = { .judge = { .policy = policy, .was = was, .analysis = ANALYSIS_EMPTY },
			    .key = BUF_MAX(256 * KIB) },
	};
	struct error error = { .line = 0 };

	if (read_events(&replaying, &error) < 0)
		return command_fail("policy replay", &error);
	if (replaying.is_damaged)
		return EXIT_USAGE;
	return options->fails_on_change && replaying.replay.totals.distinct_changed > 0
		       ? EXIT_FINDINGS
		       : EXIT_GOOD;
}

int command_policy_replay(int argc, char **argv)
{
	SCOPED(policy_freep) struct policy *policy = NULL;
	SCOPED(policy_freep) struct policy *was = NULL;
	struct audit_options options;
	struct error error = { .line = 0 };
	int status;

	if (!audit_options_read(&OPTIONS, argc, argv, &options, &status))
		return status;
	if (!options.policy)
		options.policy = getenv("CHAPERONE_POLICY");
	if (policy_read(options.policy ? options.policy : "chaperone", &policy, &error) < 0 ||
	    (options.was && policy_read(options.was, &was, &error) < 0))
		return command_fail(argv[0], &error);
	return replay(&options, policy, was);
}
