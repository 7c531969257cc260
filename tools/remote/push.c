/* SPDX-License-Identifier: MIT */
/* `chaperone policy push`: policies and their tests become a draft on the server. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "control/archive.h"
#include "tools/policy/archive_check.h"
#include "tools/policy/archive_pack.h"
#include "tools/remote/commands.h"
#include "tools/remote/offer.h"
#include "tools/remote/rehearsal.h"

#define DEFAULT_PATH "chaperone"

static const struct option_row ROWS[] = {
	AUTHOR_BUNDLE,
	OPTION_TEXT(author_options, why, "why", "TEXT", "one line that `policy log` shows"),
	OPTION_TEXT(
		author_options, replay, "replay", "FROM",
		"show first what it would have decided otherwise of FROM, a record's folder or what\n"
		"`chaperone-server export` wrote"),
	AUTHOR_KEY("sign it at once with the author's key in FILE"),
	AUTHOR_YES,
	AUTHOR_JSON("print the draft, or what was found, as JSON"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.operands = "[PATH]",
	.operands_max = 1,
	.about = "Checks and tests the policies of PATH, a folder (./" DEFAULT_PATH
		 ") or a file, and makes them a draft on\n"
		 "the server.  No machine gets it before enough authors have signed it.",
	.exits = AUTHOR_EXITS,
};

/* What stands before the names of the files in `path`. */
static struct slice folder_of(const char *path, struct buf *out)
{
	struct slice whole = slice_of(path);
	struct stat status;

	if (stat(path, &status) < 0 || !S_ISDIR(status.st_mode))
		return slice_part(whole, 0, whole.length - slice_file_name(whole).length);
	buf_add_slice(out, whole);
	if (!slice_ends_with(whole, "/"))
		buf_add_char(out, '/');
	return buf_view(out);
}

/* Files as who pushes them calls them: an archive has names alone. */
static void name_files(struct findings *findings, const char *path)
{
	SCOPED(buf_done) struct buf folder = BUF_MAX(PATH_MAX + 1);
	struct slice before = folder_of(path, &folder);

	for (size_t i = 0; i < findings->count; i++) {
		SCOPED(buf_done) struct buf name = BUF_MAX(2 * PATH_MAX);
		struct error *where = &findings->items[i].where;

		buf_add_slice(&name, before);
		buf_add_text(&name, where->file);
		if (name.length < sizeof(where->file))
			memcpy(where->file, buf_text(&name), name.length + 1);
	}
}

/* VISIT_NO: there are errors, and they were printed. */
static int check(const char *path, struct slice archive, bool is_json, struct error *error)
{
	SCOPED(findings_done) struct findings findings = { 0 };
	SCOPED(policy_files_done) struct policy_files strays = { NULL, 0 };
	int r = archive_check(archive, (int64_t)time(NULL), &findings);

	if (r < 0)
		return error_system(error, r, path);
	bool is_good = findings_count(&findings, FINDING_ERROR) == 0;
	name_files(&findings, path);
	r = policy_files_find(path, POLICY_STRAY, &strays, error);
	if (r < 0)
		return r;
	findings_add_strays(&findings, &strays);
	findings_sort(&findings);
	if (is_json && !is_good)
		findings_print_json(&findings, stdout);
	else
		findings_print(&findings, is_json ? stderr : stdout);
	fflush(stdout);
	if (is_good)
		return 0;
	error_set(error, -EINVAL, "not pushed: the policies do not pass their checks and tests");
	return VISIT_NO;
}

static int push(const char *operand, const struct author_options *options, struct error *error)
{
	SCOPED(visit_done) struct visit visit = VISIT_NONE;
	SCOPED(buf_done) struct buf archive = BUF_MAX(ARCHIVE_MAX);
	struct offer offer = { .rollback_of = 0 };
	const char *path = operand ? operand : DEFAULT_PATH;
	int r = archive_pack(path, &archive, error);

	if (r == 0)
		r = check(path, buf_view(&archive), options->is_json, error);
	if (r == 0 && options->replay)
		r = rehearse(path, options->replay, options->is_json, error);
	if (r == 0)
		r = visit_open(options->bundle, &visit, error);
	if (r != 0)
		return r;
	offer.archive = buf_view(&archive);
	sha256(offer.archive.at, offer.archive.length, offer.digest);
	return offer_make(&visit, options, &offer, error);
}

int command_policy_push(int argc, char **argv)
{
	return author_command(&OPTIONS, argc, argv, push);
}
