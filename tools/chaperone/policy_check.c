/* SPDX-License-Identifier: MIT */
/* `chaperone policy check`: reads policies and tests, tells what is wrong and what is odd about
 * them. */
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "policy/engine/policy_check.h"
#include "policy/engine/policy_files.h"
#include "policy/engine/policy_test.h"
#include "tools/policy/findings.h"
#include "tools/chaperone/commands.h"
#include "tools/command/options.h"
#include "tools/command/terminal.h"

struct check_options {
	bool is_json, is_strict;
};

static const struct option_row ROWS[] = {
	OPTION_FLAG(check_options, is_json, "json", "one JSON object instead of lines"),
	OPTION_FLAG(check_options, is_strict, "strict", "warnings count as findings"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.operands = "PATH...",
	.operands_min = 1,
	.operands_max = OPERANDS_MANY,
	.about =
		"Reads policies and says what is wrong in them (errors) and what can hardly be meant\n"
		"(warnings), one line each: FILE:LINE:COLUMN: severity: text [id].\n"
		"\n"
		"A folder is one bundle: every .yaml in it but NAME_test.yaml, which is read as a "
		"test.\n"
		"Files that are named together make one bundle.",
	.exits = "0 good, 1 findings (errors, with --strict warnings too), 2 could not run",
};

struct run {
	struct policy_finder finder; /* first: the callback gets its address */
	struct findings findings;
	size_t policies, tests;
	bool cannot_run;
};

static void collect(struct policy_finder *finder, const struct policy_finding *finding)
{
	struct run *run = (struct run *)finder;

	findings_add(&run->findings, finding);
}

/* An error with a place is about what somebody wrote; one without is about getting at it. */
static void note_error(struct run *run, const struct error *error)
{
	if (error->line > 0) {
		struct policy_finding finding = { FINDING_SYNTAX, FINDING_ERROR, *error };

		findings_add(&run->findings, &finding);
		return;
	}
	terminal_error("policy check", error);
	run->cannot_run = true;
}

static void check_bundle(struct run *run, const struct policy_files *files)
{
	SCOPED(policy_freep) struct policy *policy = NULL;
	struct error error = { 0 };

	if (files->count == 0)
		return;
	run->policies += files->count;
	if (policy_read_files((const char *const *)files->paths, files->count, &policy, &error) < 0)
		note_error(run, &error);
	else
		policy_check(policy, &run->finder);
}

static void check_tests(struct run *run, const struct policy_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		SCOPED(policy_test_freep) struct policy_test_file *file = NULL;
		struct error error = { 0 };

		run->tests++;
		if (policy_test_read(files->paths[i], &file, &error) < 0)
			note_error(run, &error);
	}
}

static void check_strays(struct run *run, const struct policy_files *files)
{
	findings_add_strays(&run->findings, files);
}

static void (*const KINDS[])(struct run *run, const struct policy_files *files) = {
	[POLICY_FILES] = check_bundle,
	[POLICY_TESTS] = check_tests,
	[POLICY_STRAY] = check_strays,
};

static void check_path(struct run *run, const char *path)
{
	for (size_t kind = 0; kind < COUNT_OF(KINDS); kind++) {
		SCOPED(policy_files_done) struct policy_files files = { NULL, 0 };
		struct error error = { 0 };

		if (policy_files_find(path, (enum policy_files_kind)kind, &files, &error) < 0) {
			note_error(run, &error);
			return;
		}
		KINDS[kind](run, &files);
	}
}

static bool is_folder(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* Files named one by one: policies are one bundle, tests stand alone. */
static void check_named(struct run *run, char **paths)
{
	size_t count = 0;

	while (paths[count])
		count++;
	SCOPED(free_p) char **policies = calloc(count, sizeof(*policies));
	struct policy_files files = { policies, 0 };

	if (!policies) {
		run->cannot_run = true;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (is_folder(paths[i]) || slice_ends_with(slice_of(paths[i]), "_test.yaml"))
			check_path(run, paths[i]);
		else
			policies[files.count++] = paths[i];
	}
	check_bundle(run, &files);
}

static int report(struct run *run, const struct check_options *options)
{
	size_t errors = findings_count(&run->findings, FINDING_ERROR);
	size_t warnings = findings_count(&run->findings, FINDING_WARNING);

	findings_sort(&run->findings);
	if (options->is_json)
		findings_print_json(&run->findings, stdout);
	else
		findings_print(&run->findings, stdout);
	if (!options->is_json)
		printf("%zu policy file%s, %zu test file%s: %zu error%s, %zu warning%s\n",
		       run->policies, run->policies == 1 ? "" : "s", run->tests,
		       run->tests == 1 ? "" : "s", errors, errors == 1 ? "" : "s", warnings,
		       warnings == 1 ? "" : "s");
	if (fflush(stdout) != 0 || run->cannot_run || run->findings.failed)
		return 2;
	return errors > 0 || (options->is_strict && warnings > 0);
}

int command_policy_check(int argc, char **argv)
{
	SCOPED(findings_done) struct findings findings = { 0 };
	struct check_options options = { .is_json = false };
	int status;
	char **paths = options_read(&OPTIONS, argc, argv, &options, &status);

	if (!paths)
		return status;
	struct run run = { .finder = { collect, (int64_t)time(NULL) } };
	check_named(&run, paths);
	status = report(&run, &options);
	findings = run.findings;
	return status;
}
