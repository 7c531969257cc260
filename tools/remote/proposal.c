/* SPDX-License-Identifier: MIT */
#include "tools/remote/proposal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "control/note.h"
#include "tools/command/document.h"
#include "tools/command/json.h"
#include "tools/command/terminal.h"
#include "tools/remote/author_key.h"

#define TEXT_MAX MIB

void proposal_done(struct proposal *proposal)
{
	edition_done(&proposal->draft);
	edition_done(&proposal->before);
	changes_done(&proposal->changes);
}

static uint64_t number(const json_t *document, const char *name)
{
	json_int_t found = json_integer_value(json_object_get(document, name));

	return found > 0 ? (uint64_t)found : 0;
}

int proposal_read(struct visit *visit, const char *id, struct proposal *ret_proposal,
		  struct error *error)
{
	const struct edition *draft = &ret_proposal->draft, *before = &ret_proposal->before;
	int r = edition_of_draft(visit, id, &ret_proposal->draft, error);

	if (r == 0)
		r = edition_in_force(visit, &ret_proposal->before, error);
	if (r == 0)
		r = edition_check_next(before, draft, error);
	if (r != 0)
		return r;
	r = changes_find(buf_view(&before->source), buf_view(&draft->source),
			 &ret_proposal->changes);
	if (r < 0)
		return error_system(error, r, "the files of the draft");
	snprintf(ret_proposal->id, sizeof(ret_proposal->id), "%s", id);
	ret_proposal->needed = number(draft->document, "signatures_needed");
	ret_proposal->signatures = json_array_size(json_object_get(draft->document, "signers"));
	return 0;
}

static int show(const struct proposal *proposal, FILE *out, struct error *error)
{
	SCOPED(buf_done) struct buf diff = BUF_MAX(CHANGES_DIFF_MAX);
	char from[VISIT_PATH_MAX], to[VISIT_PATH_MAX];

	snprintf(from, sizeof(from), "version %" PRIu64, proposal->before.release.version);
	snprintf(to, sizeof(to), "version %" PRIu64 ", draft %s", proposal->draft.release.version,
		 proposal->id);
	int r = changes_diff(&proposal->changes, from, to, &diff);
	if (r < 0)
		return error_system(error, r, "what changes");
	terminal_print_lines(out, proposal->draft.text);
	fputc('\n', out);
	terminal_print_lines(out, buf_view(&diff));
	fputs(proposal->changes.count ? "\n" : "No file changes.\n\n", out);
	fflush(out);
	return 0;
}

/* What was typed before anything was shown is no answer. */
int proposal_ask(struct error *error)
{
	char answer[16] = "";

	tcflush(STDIN_FILENO, TCIFLUSH);
	fputs("Sign it?  Type yes: ", stderr);
	fflush(stderr);
	if (fgets(answer, sizeof(answer), stdin) && strcmp(answer, "yes\n") == 0)
		return 0;
	error_set(error, -ECANCELED, "not signed");
	return VISIT_NO;
}

static int send(struct visit *visit, struct slice note, struct proposal *proposal,
		struct error *error)
{
	SCOPED(document_freep) json_t *told = NULL;
	char path[VISIT_PATH_MAX];

	snprintf(path, sizeof(path), "/drafts/%s/signatures", proposal->id);
	int r = visit_post(visit, path, note, &told, error);
	if (r > 0 && visit->answer.status == STATUS_CONFLICT)
		error_set(error, -ESTALE,
			  "not signed: version %" PRIu64
			  " is another draft by now; push this one again, on top of it",
			  proposal->draft.release.version);
	if (r != 0)
		return r;
	proposal->is_signed = true;
	proposal->is_published = json_is_true(json_object_get(told, "is_published"));
	proposal->signatures = number(told, "signatures");
	proposal->needed = number(told, "signatures_needed");
	return 0;
}

int proposal_check_signer(const struct author_options *options, struct error *error)
{
	SCOPED(signing_key_done) struct signing_key key = { .secret = { 0 } };

	if (!options->is_yes && !isatty(STDIN_FILENO))
		return error_set(error, -ENOTTY,
				 "needs a person at a terminal, or --yes; stdin is none");
	return author_key_read(options->key, &key, error);
}

int proposal_sign(struct visit *visit, const struct author_options *options,
		  struct proposal *proposal, struct error *error)
{
	SCOPED(signing_key_done) struct signing_key key = { .secret = { 0 } };
	SCOPED(buf_done) struct buf note = BUF_MAX(NOTE_SIZE_MAX);
	int r = author_key_read(options->key, &key, error);

	if (r == 0)
		r = show(proposal, options->is_json ? stderr : stdout, error);
	if (r == 0 && !options->is_yes)
		r = proposal_ask(error);
	if (r != 0)
		return r;
	r = note_begin(proposal->draft.text, &note);
	if (r == 0)
		r = note_sign(proposal->draft.text, &key, &note);
	return r < 0 ? error_system(error, r, "the signature")
		     : send(visit, buf_view(&note), proposal, error);
}

static void tell_json(const struct visit *visit, const struct proposal *proposal)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(TEXT_MAX);

	json_open(&out, NULL, '{');
	json_text(&out, "bundle", slice_of(visit->bundle));
	json_text(&out, "draft", slice_of(proposal->id));
	json_number(&out, "version", proposal->draft.release.version);
	json_bool(&out, "is_signed", proposal->is_signed);
	json_bool(&out, "is_published", proposal->is_published);
	json_number(&out, "signatures", proposal->signatures);
	json_number(&out, "signatures_needed", proposal->needed);
	changes_add_json(&proposal->changes, &out);
	json_close(&out, '}');
	json_end(&out);
	puts(buf_text(&out));
}

static void list_files(const struct changes *changes)
{
	for (size_t i = 0; i < changes->count; i++) {
		printf("  %-8s ", change_word(changes->items[i].kind));
		terminal_print(stdout, changes->items[i].name);
		putchar('\n');
	}
	if (changes->count == 0)
		puts("  no file changes");
}

static void tell_next(const struct visit *visit, const struct proposal *proposal)
{
	uint64_t missing = proposal->needed - proposal->signatures;

	printf("%" PRIu64 " of %" PRIu64 " signature%s; %s types:\n"
	       "  chaperone policy sign %s --bundle %s --key FILE\n",
	       proposal->signatures, proposal->needed, proposal->needed == 1 ? "" : "s",
	       proposal->is_signed ? missing == 1 ? "one more author" : "each of those missing"
				   : "an author",
	       proposal->id, visit->bundle);
}

void proposal_tell(const struct visit *visit, const struct proposal *proposal, bool is_json)
{
	if (is_json) {
		tell_json(visit, proposal);
		return;
	}
	if (proposal->is_published) {
		printf("Version %" PRIu64 " of %s is in force.\n", proposal->draft.release.version,
		       visit->bundle);
		return;
	}
	printf("Draft %s would be version %" PRIu64 " of %s:\n", proposal->id,
	       proposal->draft.release.version, visit->bundle);
	list_files(&proposal->changes);
	tell_next(visit, proposal);
}
