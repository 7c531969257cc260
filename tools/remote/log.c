/* SPDX-License-Identifier: MIT */
/* `chaperone policy log`: the versions of a bundle, and its drafts. */
#include <errno.h>
#include <stdio.h>

#include "tools/command/document.h"
#include "tools/command/terminal.h"
#include "tools/remote/author_options.h"
#include "tools/remote/commands.h"
#include "tools/remote/visit.h"

#define PAGES_MAX 1000u /* of 100 versions */
#define LINE_SIZE (4 * KIB)

struct log_options {
	const char *bundle;
	bool is_drafts, is_json;
};

static const struct option_row ROWS[] = {
	OPTION_TEXT(log_options, bundle, "bundle", "NAME",
		    "the server's policies that are meant (those of the log-in)"),
	OPTION_FLAG(log_options, is_drafts, "drafts", "list what waits for signatures instead"),
	OPTION_FLAG(log_options, is_json, "json", "print them as JSON"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.about =
		"Lists the versions of a bundle, the newest first: who pushed each, when it came into\n"
		"force, who signed it, and why.",
	.exits = AUTHOR_EXITS,
};

static void add_signers(const json_t *row, struct buf *line)
{
	const json_t *signers = json_object_get(row, "signers");
	size_t count = json_array_size(signers);

	buf_add_text(line, count > 0 ? ", signed by " : ", signed by nobody");
	for (size_t i = 0; i < count; i++) {
		const char *name = json_string_value(json_array_get(signers, i));

		buf_printf(line, "%s%s", i > 0 ? ", " : "", name ? name : "?");
	}
}

static void print_row(const json_t *row, bool is_draft)
{
	SCOPED(buf_done) struct buf line = BUF_MAX(LINE_SIZE);
	struct slice why = document_text(row, "why");

	if (is_draft)
		buf_printf(&line, "draft %.*s, ", SLICE_ARGUMENTS(document_text(row, "draft")));
	buf_printf(&line, "version %lld  %.*s  by %.*s",
		   json_integer_value(json_object_get(row, "version")),
		   SLICE_ARGUMENTS(document_text(row, is_draft ? "made" : "published")),
		   SLICE_ARGUMENTS(document_text(row, "by")));
	add_signers(row, &line);
	if (json_is_true(json_object_get(row, "is_stale")))
		buf_add_text(&line, ", too late");
	terminal_print_lines(stdout, buf_view(&line));
	if (why.length == 0)
		return;
	fputs("    ", stdout);
	terminal_print_lines(stdout, why);
}

static int get_versions(struct visit *visit, json_t *list, struct error *error)
{
	json_int_t before = INT64_MAX;

	for (unsigned int page = 0; before > 0 && page < PAGES_MAX; page++) {
		SCOPED(document_freep) json_t *answer = NULL;
		int r = visit_get(visit, &answer, error, "/versions?before=%lld", before);

		if (r != 0)
			return r;
		if (json_array_extend(list, json_object_get(answer, "versions")) < 0)
			return error_set(error, -EPROTO, "the server's answer is not complete");
		before = json_integer_value(json_object_get(answer, "next"));
	}
	return 0;
}

static int get_drafts(struct visit *visit, json_t *list, struct error *error)
{
	SCOPED(document_freep) json_t *answer = NULL;
	int r = visit_get(visit, &answer, error, "/drafts");

	if (r == 0 && json_array_extend(list, json_object_get(answer, "drafts")) < 0)
		r = error_set(error, -EPROTO, "the server's answer is not complete");
	return r;
}

static void print_json(const char *bundle, const char *name, json_t *list)
{
	SCOPED(document_freep)
	json_t *document = json_pack("{s:s, s:O}", "bundle", bundle, name, list);

	if (document)
		json_dumpf(document, stdout, JSON_COMPACT);
	putchar('\n');
}

static int show_log(const struct log_options *options, struct error *error)
{
	SCOPED(visit_done) struct visit visit = VISIT_NONE;
	SCOPED(document_freep) json_t *list = json_array();
	int r = list ? visit_open(options->bundle, &visit, error)
		     : error_system(error, -ENOMEM, "the list");

	if (r == 0)
		r = options->is_drafts ? get_drafts(&visit, list, error)
				       : get_versions(&visit, list, error);
	if (r != 0)
		return r;
	if (options->is_json)
		print_json(visit.bundle, options->is_drafts ? "drafts" : "versions", list);
	for (size_t i = 0; !options->is_json && i < json_array_size(list); i++)
		print_row(json_array_get(list, i), options->is_drafts);
	if (!options->is_json && json_array_size(list) == 0)
		printf("%s has no %s.\n", visit.bundle, options->is_drafts ? "drafts" : "versions");
	return 0;
}

int command_policy_log(int argc, char **argv)
{
	struct log_options options = { .bundle = NULL };
	struct error error = { .text = "" };
	int status;

	if (!options_read(&OPTIONS, argc, argv, &options, &status))
		return status;
	return visit_end(argv[0], show_log(&options, &error), &error);
}
