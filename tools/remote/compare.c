/* SPDX-License-Identifier: MIT */
/* `chaperone policy diff`: what differs between two versions, drafts or folders. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "tools/command/document.h"
#include "tools/command/json.h"
#include "tools/command/terminal.h"
#include "tools/policy/archive_pack.h"
#include "tools/policy/changes.h"
#include "tools/remote/author_options.h"
#include "tools/remote/commands.h"
#include "tools/remote/edition.h"

#define LABEL_SIZE 300u

struct diff_options {
	const char *bundle;
	bool is_json;
};

static const struct option_row ROWS[] = {
	OPTION_TEXT(diff_options, bundle, "bundle", "NAME",
		    "the server's policies that are meant (those of the log-in)"),
	OPTION_FLAG(diff_options, is_json, "json", "print files and diff as JSON"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.operands = "[A] [B]",
	.operands_max = 2,
	.about =
		"Shows what changes from A to B, as a unified diff.  Each is a version, a draft, or the path\n"
		"of a folder or file.  One alone is compared with the version in force; with none, the\n"
		"newest draft is.",
	.exits = AUTHOR_EXITS,
};

/* One of what is compared. */
struct side {
	struct edition edition;
	char label[LABEL_SIZE];
};

#define SIDE_NONE                                                                                  \
	{                                                                                          \
		.edition = EDITION_NONE                                                            \
	}

static void side_done(struct side *side)
{
	edition_done(&side->edition);
}

static void label_version(struct side *side)
{
	snprintf(side->label, sizeof(side->label), "version %" PRIu64,
		 side->edition.release.version);
}

static int get_in_force(struct visit *visit, struct side *side, struct error *error)
{
	int r = edition_in_force(visit, &side->edition, error);

	label_version(side);
	return r;
}

static int get_draft(struct visit *visit, const char *id, struct side *side, struct error *error)
{
	snprintf(side->label, sizeof(side->label), "draft %s", id);
	return edition_of_draft(visit, id, &side->edition, error);
}

static int get_newest_draft(struct visit *visit, struct side *side, struct error *error)
{
	SCOPED(document_freep) json_t *list = NULL;
	int r = visit_get(visit, &list, error, "/drafts");
	char id[EDITION_ID_SIZE];

	if (r != 0)
		return r;
	const json_t *drafts = json_object_get(list, "drafts");
	if (json_array_size(drafts) == 0) {
		error_set(error, -ENOENT, "%s has no draft to compare with", visit->bundle);
		return VISIT_NO;
	}
	struct slice newest = document_text(json_array_get(drafts, 0), "draft");
	snprintf(id, sizeof(id), "%.*s", SLICE_ARGUMENTS(newest));
	return get_draft(visit, id, side, error);
}

static int get_side(struct visit *visit, const char *operand, struct side *side,
		    struct error *error)
{
	uint64_t version;

	if (option_number(operand, 1, INT64_MAX, &version) == 0) {
		int r = edition_of_version(visit, version, &side->edition, error);

		label_version(side);
		return r;
	}
	if (edition_is_draft_id(slice_of(operand)))
		return get_draft(visit, operand, side, error);
	snprintf(side->label, sizeof(side->label), "%s", operand);
	return archive_pack(operand, &side->edition.source, error);
}

static void show_json(const struct changes *changes, const struct side *from, const struct side *to,
		      struct slice diff)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(2 * CHANGES_DIFF_MAX);

	json_open(&out, NULL, '{');
	json_text(&out, "from", slice_of(from->label));
	json_text(&out, "to", slice_of(to->label));
	changes_add_json(changes, &out);
	json_text(&out, "diff", diff);
	json_close(&out, '}');
	json_end(&out);
	puts(buf_text(&out));
}

static int show(const struct side *from, const struct side *to, bool is_json, struct error *error)
{
	SCOPED(changes_done) struct changes changes = { NULL, 0 };
	SCOPED(buf_done) struct buf diff = BUF_MAX(CHANGES_DIFF_MAX);
	int r = changes_find(buf_view(&from->edition.source), buf_view(&to->edition.source),
			     &changes);

	if (r == 0)
		r = changes_diff(&changes, from->label, to->label, &diff);
	if (r < 0)
		return error_system(error, r, "what differs");
	if (is_json)
		show_json(&changes, from, to, buf_view(&diff));
	else
		terminal_print_lines(stdout, buf_view(&diff));
	return 0;
}

static int compare(char **operands, const struct diff_options *options, struct error *error)
{
	SCOPED(visit_done) struct visit visit = VISIT_NONE;
	SCOPED(side_done) struct side from = SIDE_NONE;
	SCOPED(side_done) struct side to = SIDE_NONE;
	const char *second = operands[0] && operands[1] ? operands[1] : operands[0];
	int r = visit_open(options->bundle, &visit, error);

	if (r == 0)
		r = second == operands[0] ? get_in_force(&visit, &from, error)
					  : get_side(&visit, operands[0], &from, error);
	if (r == 0)
		r = second ? get_side(&visit, second, &to, error)
			   : get_newest_draft(&visit, &to, error);
	return r != 0 ? r : show(&from, &to, options->is_json, error);
}

int command_policy_diff(int argc, char **argv)
{
	struct diff_options options = { .bundle = NULL };
	struct error error = { .text = "" };
	int status;
	char **operands = options_read(&OPTIONS, argc, argv, &options, &status);

	if (!operands)
		return status;
	return visit_end(argv[0], compare(operands, &options, &error), &error);
}
