/* SPDX-License-Identifier: MIT */
/* `chaperone policy keys`: whose signatures count, here and on the server. */
#include "tools/remote/keys.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "control/line.h"
#include "tools/command/command.h"
#include "tools/command/document.h"
#include "tools/command/json.h"
#include "tools/command/options.h"
#include "tools/command/terminal.h"
#include "tools/remote/commands.h"
#include "tools/remote/enrolled.h"

#define TEXT_MAX MIB

void keys_done(struct keys *keys)
{
	json_decref(keys->document);
	buf_done(&keys->note);
}

static int read_document(const json_t *document, struct keys *keys)
{
	const json_t *list = json_object_get(document, "keys");
	json_int_t version = json_integer_value(json_object_get(document, "root"));
	json_int_t threshold = json_integer_value(json_object_get(document, "threshold"));
	struct root *root = &keys->root;
	size_t count = json_array_size(list);

	if (version < 0 || threshold < 1 || threshold > NOTE_KEYS_MAX || count > NOTE_KEYS_MAX ||
	    line_digest(document_text(document, "digest"), root->digest) < 0)
		return -EPROTO;
	for (size_t i = 0; i < count; i++) {
		const json_t *key = json_array_get(list, i);
		struct slice text = { json_string_value(key), json_string_length(key) };

		if (verifying_key_read(text, &root->keys[i]) < 0)
			return -EPROTO;
	}
	root->server = document_text(document, "server");
	root->version = (uint64_t)version;
	root->threshold = (unsigned int)threshold;
	root->key_count = count;
	keys->policies = document_text(document, "policies");
	return 0;
}

int keys_read(struct visit *visit, struct keys *ret_keys, struct error *error)
{
	int r = visit_get(visit, &ret_keys->document, error, "%s", "/v1/authors");

	if (r == 0 && read_document(ret_keys->document, ret_keys) < 0)
		r = error_set(error, -EPROTO, "the server's answer is not complete");
	return r;
}

struct keys_options {
	const char *folder;
	bool is_json;
};

static const struct option_row ROWS[] = {
	OPTION_TEXT(keys_options, folder, "folder", "FOLDER", "where the enrolment is kept"),
	OPTION_FLAG(keys_options, is_json, "json", "print them as JSON"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.about =
		"Lists the authors' keys by which this machine believes a policy, where it is enrolled, and those\n"
		"that count on the server, with what is proposed, for who is logged in.",
	.exits = "0 listed, 1 the server says no, 2 asked wrongly",
};

static void add_text(struct buf *out, const char *where, const struct root *root)
{
	SCOPED(buf_done) struct buf key = BUF_MAX(KIB);

	buf_printf(out, "%s: root %" PRIu64 ", %u of these must sign\n", where, root->version,
		   root->threshold);
	for (size_t i = 0; i < root->key_count; i++) {
		buf_clear(&key);
		verifying_key_write(&root->keys[i], &key);
		buf_printf(out, "  %s\n", buf_text(&key));
	}
}

static void add_json(struct buf *out, const char *where, const struct root *root)
{
	SCOPED(buf_done) struct buf key = BUF_MAX(KIB);

	json_open(out, where, '{');
	json_number(out, "root", root->version);
	json_number(out, "threshold", root->threshold);
	json_open(out, "keys", '[');
	for (size_t i = 0; i < root->key_count; i++) {
		buf_clear(&key);
		verifying_key_write(&root->keys[i], &key);
		json_text(out, NULL, buf_view(&key));
	}
	json_close(out, ']');
	json_close(out, '}');
}

static void add(struct buf *out, bool is_json, const char *where, const struct root *root)
{
	if (is_json)
		add_json(out, where, root);
	else
		add_text(out, where, root);
}

/* What waits for signatures, for people; with --json it is a list of texts. */
static void add_drafts(struct buf *out, bool is_json, const json_t *drafts)
{
	if (is_json)
		json_open(out, "proposed", '[');
	for (size_t i = 0; i < json_array_size(drafts); i++) {
		const json_t *draft = json_array_get(drafts, i);
		size_t signers = json_array_size(json_object_get(draft, "signed_by"));

		if (is_json)
			json_text(out, NULL, document_text(draft, "text"));
		else
			buf_printf(out, "proposed, with %zu signature%s:\n%.*s", signers,
				   signers == 1 ? "" : "s",
				   SLICE_ARGUMENTS(document_text(draft, "text")));
	}
	if (is_json)
		json_close(out, ']');
}

/* 0 also where nobody is logged in. */
static int add_server(bool is_json, bool is_needed, struct buf *out, struct error *error)
{
	SCOPED(visit_done) struct visit visit = VISIT_NONE;
	SCOPED(keys_done) struct keys keys = KEYS_NONE;
	int r = visit_open(NULL, &visit, error);

	if (r == -ENOENT && !is_needed) {
		*error = (struct error){ .text = "" };
		return 0;
	}
	if (r == 0)
		r = keys_read(&visit, &keys, error);
	if (r != 0)
		return r;
	add(out, is_json, "server", &keys.root);
	add_drafts(out, is_json, json_object_get(keys.document, "drafts"));
	return 0;
}

static int show(const struct keys_options *options, struct error *error)
{
	SCOPED(enrolled_done) struct enrolled enrolled = { .url = "" };
	SCOPED(buf_done) struct buf out = BUF_MAX(TEXT_MAX);
	char folder[PATH_MAX];
	int r = enrolled_folder(options->folder, folder, error);

	if (options->is_json)
		json_open(&out, NULL, '{');
	if (r == 0)
		r = enrolled_read(folder, &enrolled, error);
	bool is_enrolled = r == 0;
	if (is_enrolled)
		add(&out, options->is_json, "machine", &enrolled.root);
	if (r == 0 || r == -ENOENT)
		r = add_server(options->is_json, !is_enrolled, &out, error);
	if (r != 0)
		return r;
	if (options->is_json) {
		json_close(&out, '}');
		json_end(&out);
		buf_add_char(&out, '\n');
	}
	terminal_print_lines(stdout, buf_view(&out));
	return 0;
}

int command_policy_keys(int argc, char **argv)
{
	struct keys_options options = { .folder = NULL };
	struct error error = { .text = "" };
	int status;

	if (!options_read(&OPTIONS, argc, argv, &options, &status))
		return status;
	return visit_end(argv[0], show(&options, &error), &error);
}
