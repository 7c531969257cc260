/* SPDX-License-Identifier: MIT */
/* The page on which authors try a policy without pushing it. */
#include <errno.h>

#include "control/archive.h"
#include "tools/server/pages/field.h"
#include "tools/server/pages/trial_findings.h"
#include "tools/server/policy/trial.h"
#include "tools/server/pages/lines.h"
#include "tools/server/pages/pages.h"

#define ARCHIVE_BEGINS "chaperone.source/v1\n"
#define ROWS           16u

static const struct field POLICY = {
	.name = "policy",
	.label = "Policy",
	.hint = "YAML, or a whole bundle as chaperone.source/v1 has it.",
	.is_needed = true,
};

static const struct field TEST = {
	.name = "test",
	.label = "Its test",
	.hint = "May stay empty.",
};

/* The archive of what came.  -EINVAL and -E2BIG: it is none. */
static int make_archive(struct slice policy, struct slice test, struct buf *archive)
{
	const struct archive_file files[] = { { SLICE("policy.yaml"), policy },
					      { SLICE("policy_test.yaml"), test } };

	if (!slice_starts_with(policy, ARCHIVE_BEGINS))
		return archive_write(files, test.length > 0 ? 2 : 1, archive);
	buf_add_slice(archive, policy);
	return archive->failed;
}

static bool is_archive(struct slice archive)
{
	struct archive_walk walk;
	struct archive_file file;
	int r = archive_open(archive, &walk);

	while (r == 0 && (r = archive_next(&walk, &file)) > 0)
		r = 0;
	return r == 0;
}

static void add_form(struct view *view)
{
	HTML_PUT(view->out,
		 "<form class=\"card fields broad\" method=\"post\" action=\"/check\">\n");
	view_add_form_word(view);
	field_add_area(view, &POLICY, ROWS);
	field_add_area(view, &TEST, ROWS / 2);
	field_end_form(view, "Check it");
}

int check_view(struct view *view)
{
	view_begin(view, "/policies", SLICE("Check a policy"));
	HTML_PUT(view->out, "<p class=\"links\"><a href=\"/policies\">All bundles</a></p>\n"
			    "<p>It is checked and tested as a push is. Nothing is kept.</p>\n");
	add_form(view);
	return 0;
}

static int add_trial(struct buf *out, struct slice archive)
{
	struct trial trial = { .findings = NULL };
	int r = trial_run(archive, &trial);

	if (r == 0)
		trial_findings_add(out, trial.findings);
	trial_done(&trial);
	if (r != -ETIME && r != -ENOTRECOVERABLE)
		return r;
	HTML_PUT(out,
		 "<p class=\"bad\" role=\"alert\">It could not be checked: that takes too long, "
		 "or too much memory.</p>\n");
	return 0;
}

static int show_findings(struct view *view, struct slice archive)
{
	view_begin(view, "/policies", SLICE("Check a policy"));
	int r = add_trial(view->out, archive);

	HTML_PUT(view->out, "<h2>Its text</h2>\n");
	if (r == 0)
		r = lines_add_archive(view->out, archive);
	HTML_PUT(view->out, "<h2>Check again</h2>\n");
	add_form(view);
	return r;
}

int check_post(struct view *view)
{
	struct slice policy = view_field(view, POLICY.name), test = view_field(view, TEST.name);
	SCOPED(buf_done) struct buf archive = BUF_MAX(ARCHIVE_MAX);

	if (slice_trim(policy).length == 0) {
		view_wrong(view, POLICY.name, "there is nothing to check");
		return check_view(view);
	}
	int r = make_archive(policy, test, &archive);
	if (r < 0 || !is_archive(buf_view(&archive))) {
		view_wrong(view, POLICY.name,
			   "it begins as a bundle, and is none, or a file in it is over 1 MB");
		return check_view(view);
	}
	return show_findings(view, buf_view(&archive));
}
