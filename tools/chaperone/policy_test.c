/* SPDX-License-Identifier: MIT */
/* `chaperone policy test`: runs policy tests and says which of them failed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "policy/engine/policy_files.h"
#include "tools/chaperone/commands.h"
#include "tools/command/options.h"
#include "tools/command/terminal.h"
#include "tools/chaperone/test_report.h"

#define REPORT_MAX (64 * MIB)

struct test_options {
	bool is_json, is_tap;
	const char *junit;
};

static const struct option_row ROWS[] = {
	OPTION_FLAG(test_options, is_json, "json", "one JSON object instead of lines"),
	OPTION_FLAG(test_options, is_tap, "tap", "Test Anything Protocol, version 13"),
	OPTION_TEXT(test_options, junit, "junit", "FILE", "writes JUnit's XML to FILE as well"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.operands = "PATH...",
	.operands_min = 1,
	.operands_max = OPERANDS_MANY,
	.about =
		"Runs policy tests (NAME_test.yaml; of a folder all of them) and says which failed. No server\n"
		"and no clock is asked.",
	.exits = "0 all passed, 1 some failed, 2 could not run",
};

struct run {
	struct test_report report;
	struct policy_test_file **files;
	struct policy **policies;
	struct test_options options;
	bool cannot_run;
};

static void complain(struct run *run, const struct error *error)
{
	terminal_error("policy test", error);
	run->cannot_run = true;
}

static bool grow(struct run *run)
{
	size_t count = run->report.count + 1;
	void *files = reallocarray(run->files, count, sizeof(*run->files));
	if (files)
		run->files = files;
	void *policies = reallocarray(run->policies, count, sizeof(*run->policies));
	if (policies)
		run->policies = policies;
	void *groups = reallocarray(run->report.groups, count, sizeof(*run->report.groups));
	if (groups)
		run->report.groups = groups;
	return files && policies && groups;
}

static int run_file(struct run *run, const char *path, struct error *error)
{
	SCOPED(policy_test_freep) struct policy_test_file *file = NULL;
	SCOPED(policy_freep) struct policy *policy = NULL;
	struct test_group group;
	int r = policy_test_read(path, &file, error);

	if (r == 0)
		r = policy_read_files(file->policies.items, file->policies.count, &policy, error);
	if (r < 0)
		return r;
	if (!grow(run))
		return error_set(error, -ENOMEM, "out of memory");
	group.file = file;
	group.count = 0;
	group.outcomes = calloc(file->test_count + 1, sizeof(*group.outcomes));
	if (!group.outcomes)
		return error_set(error, -ENOMEM, "out of memory");
	for (size_t i = 0; i < file->test_count; i++)
		test_outcome_find(policy, file, &file->tests[i], &group.outcomes[group.count++]);
	run->files[run->report.count] = steal(file);
	run->policies[run->report.count] = steal(policy);
	run->report.groups[run->report.count++] = group;
	return 0;
}

static void run_path(struct run *run, const char *path)
{
	struct policy_files files = { NULL, 0 };
	struct error error = { .line = 0 };

	if (policy_files_find(path, POLICY_TESTS, &files, &error) < 0) {
		complain(run, &error);
		return;
	}
	if (files.count == 0) {
		error_set(&error, -ENOENT, "%s holds no NAME_test.yaml", path);
		complain(run, &error);
	}
	for (size_t i = 0; i < files.count; i++) {
		error = (struct error){ .line = 0 };
		if (run_file(run, files.paths[i], &error) < 0)
			complain(run, &error);
	}
	policy_files_done(&files);
}

static void run_done(struct run *run)
{
	for (size_t i = 0; i < run->report.count; i++) {
		for (size_t k = 0; k < run->report.groups[i].count; k++)
			test_outcome_done(&run->report.groups[i].outcomes[k]);
		free(run->report.groups[i].outcomes);
		policy_test_free(run->files[i]);
		policy_free(run->policies[i]);
	}
	free(run->report.groups);
	free(run->files);
	free(run->policies);
}

static int write_junit(struct run *run)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(REPORT_MAX);
	SCOPED(close_p)
	int fd = open(run->options.junit, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	struct error error = { .line = 0 };
	int r = fd < 0 ? -errno : 0;

	test_report_junit(&run->report, &text);
	if (r == 0)
		r = text.failed ? text.failed : file_write_all(fd, text.at, text.length);
	if (r < 0) {
		error_system(&error, r, run->options.junit);
		complain(run, &error);
	}
	return r;
}

static int tell(struct run *run)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(REPORT_MAX);

	if (run->options.is_json)
		test_report_json(&run->report, &text);
	else if (run->options.is_tap)
		test_report_tap(&run->report, &text);
	else
		test_report_text(&run->report, &text);
	if (text.failed || fwrite(text.at, 1, text.length, stdout) != text.length ||
	    fflush(stdout) != 0)
		return 2;
	if (run->options.junit && write_junit(run) < 0)
		return 2;
	if (run->cannot_run)
		return 2;
	return test_report_failed(&run->report) > 0 ? 1 : 0;
}

int command_policy_test(int argc, char **argv)
{
	struct run run = { .cannot_run = false };
	int status;
	char **paths = options_read(&OPTIONS, argc, argv, &run.options, &status);

	if (!paths)
		return status;
	for (; *paths; paths++)
		run_path(&run, *paths);
	status = tell(&run);
	run_done(&run);
	return status;
}
