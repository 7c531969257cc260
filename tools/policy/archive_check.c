/* SPDX-License-Identifier: MIT */
#include "tools/policy/archive_check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "control/archive.h"
#include "policy/engine/policy_test.h"
#include "tools/policy/test_outcome.h"

/* Files of one kind, with their names as C has them. */
struct texts {
	char names[ARCHIVE_FILES_MAX][ARCHIVE_NAME_MAX + 1];
	const char *paths[ARCHIVE_FILES_MAX];
	struct slice texts[ARCHIVE_FILES_MAX];
	size_t count;
};

struct bundle_files {
	struct texts policies, tests;
};

struct check {
	struct policy_finder finder; /* first: the callback gets its address */
	struct findings *findings;
	const struct bundle_files *files;
	bool is_readable; /* the policies are */
};

static void collect(struct policy_finder *finder, const struct policy_finding *finding)
{
	findings_add(((struct check *)finder)->findings, finding);
}

static void add_error(struct check *check, enum finding_id id, const struct error *error)
{
	struct policy_finding finding = { id, FINDING_ERROR, *error };

	findings_add(check->findings, &finding);
}

static void add_file(struct texts *texts, const struct archive_file *file)
{
	char *name = texts->names[texts->count];

	snprintf(name, ARCHIVE_NAME_MAX + 1, "%.*s", SLICE_ARGUMENTS(file->name));
	texts->paths[texts->count] = name;
	texts->texts[texts->count++] = file->bytes;
}

static int unpack(struct slice archive, struct bundle_files *files)
{
	struct archive_walk walk;
	struct archive_file file;
	int r = archive_open(archive, &walk);

	while (r == 0 && (r = archive_next(&walk, &file)) > 0) {
		add_file(slice_ends_with(file.name, "_test.yaml") ? &files->tests
								  : &files->policies,
			 &file);
		r = 0;
	}
	return r;
}

static void check_policies(struct check *check)
{
	const struct texts *policies = &check->files->policies;
	SCOPED(policy_freep) struct policy *policy = NULL;
	struct error error = { 0 };

	check->is_readable = policy_read_texts(policies->paths, policies->texts, policies->count,
					       &policy, &error) == 0;
	if (check->is_readable)
		policy_check(policy, &check->finder);
	else
		add_error(check, FINDING_SYNTAX, &error);
}

static const struct slice *find_text(const struct texts *texts, const char *name)
{
	for (size_t i = 0; i < texts->count; i++) {
		if (strcmp(texts->paths[i], name) == 0)
			return &texts->texts[i];
	}
	return NULL;
}

/* The policies that a test names. */
static int read_policies(struct check *check, const struct policy_test_file *file,
			 struct policy **ret_policy, struct error *error)
{
	size_t count = file->policies.count;
	SCOPED(free_p) struct slice *texts = calloc(count + 1, sizeof(*texts));

	if (!texts)
		return error_set(error, -ENOMEM, "out of memory");
	for (size_t i = 0; i < count; i++) {
		const char *name = file->policies.items[i];
		const struct slice *text = find_text(&check->files->policies, name);

		if (!text) {
			snprintf(error->file, sizeof(error->file), "%s", file->path);
			return error_set_at(error, -ENOENT, 1, 1, "the bundle has no policy %.300s",
					    name);
		}
		texts[i] = *text;
	}
	return policy_read_texts(file->policies.items, texts, count, ret_policy, error);
}

static void try_one(struct check *check, const struct policy *policy,
		    const struct policy_test_file *file, const struct policy_test *test)
{
	struct test_outcome outcome;
	struct error error = { 0 };

	test_outcome_find(policy, file, test, &outcome);
	if (!test_outcome_passed(&outcome)) {
		struct slice differences = slice_trim(buf_view(&outcome.differences));
		struct slice first = slice_cut(&differences, '\n');

		snprintf(error.file, sizeof(error.file), "%s", file->path);
		error_set_at(&error, 0, (int)test->line, (int)test->column, "%.200s: %.*s",
			     test->name, SLICE_ARGUMENTS(slice_part(first, 0, 300)));
		add_error(check, FINDING_TEST, &error);
	}
	test_outcome_done(&outcome);
}

static void check_test(struct check *check, const char *path, struct slice text)
{
	SCOPED(policy_test_freep) struct policy_test_file *file = NULL;
	SCOPED(policy_freep) struct policy *policy = NULL;
	struct error error = { 0 };
	int r = policy_test_read_text(path, text, &file, &error);

	if (r == 0 && !check->is_readable)
		return; /* what is wrong was said */
	if (r == 0)
		r = read_policies(check, file, &policy, &error);
	if (r < 0) {
		add_error(check, FINDING_SYNTAX, &error);
		return;
	}
	for (size_t i = 0; i < file->test_count; i++)
		try_one(check, policy, file, &file->tests[i]);
}

int archive_check(struct slice archive, int64_t now, struct findings *findings)
{
	SCOPED(free_p) struct bundle_files *files = calloc(1, sizeof(*files));
	struct check check = { { collect, now }, findings, files, false };

	if (!files)
		return -ENOMEM;
	int r = unpack(archive, files);
	if (r < 0)
		return r;
	check_policies(&check);
	for (size_t i = 0; i < files->tests.count; i++)
		check_test(&check, files->tests.paths[i], files->tests.texts[i]);
	return findings->failed ? -ENOMEM : 0;
}
