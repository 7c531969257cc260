/* SPDX-License-Identifier: MIT */
#include "tools/remote/offer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "control/archive.h"
#include "control/base64.h"
#include "control/release.h"
#include "tools/command/document.h"
#include "tools/command/json.h"
#include "tools/command/terminal.h"
#include "tools/remote/proposal.h"

#define BODY_MAX    (24 * MIB)
#define FINDING_MAX (16 * KIB)

static int write_body(const struct offer *offer, const char *why, struct buf *out)
{
	SCOPED(buf_done) struct buf source = BUF_MAX(BODY_MAX);

	json_open(out, NULL, '{');
	if (offer->rollback_of > 0) {
		json_number(out, "rollback_of", offer->rollback_of);
	} else {
		base64_write(offer->archive.at, offer->archive.length, &source);
		json_text(out, "source", buf_view(&source));
	}
	json_text(out, "why", slice_of(why));
	json_close(out, '}');
	json_end(out);
	return source.failed ? source.failed : out->failed;
}

static void print_finding(const json_t *finding)
{
	SCOPED(buf_done) struct buf line = BUF_MAX(FINDING_MAX);

	buf_printf(&line, "%.*s:%lld:%lld: %.*s: %.*s [%.*s]",
		   SLICE_ARGUMENTS(document_text(finding, "file")),
		   json_integer_value(json_object_get(finding, "line")),
		   json_integer_value(json_object_get(finding, "column")),
		   SLICE_ARGUMENTS(document_text(finding, "severity")),
		   SLICE_ARGUMENTS(document_text(finding, "text")),
		   SLICE_ARGUMENTS(document_text(finding, "id")));
	terminal_print_lines(stdout, buf_view(&line));
}

/* What the server finds, as `policy check` prints it. */
static void print_findings(struct slice answer, bool is_json)
{
	SCOPED(document_freep) json_t *problem = document_read(answer);
	const json_t *findings = json_object_get(problem, "findings");

	if (is_json && findings) {
		json_dumpf(problem, stdout, JSON_COMPACT);
		putchar('\n');
		return;
	}
	for (size_t i = 0; i < json_array_size(findings); i++)
		print_finding(json_array_get(findings, i));
}

static int post(struct visit *visit, const struct author_options *options,
		const struct offer *offer, json_t **ret_told, struct error *error)
{
	SCOPED(buf_done) struct buf body = BUF_MAX(BODY_MAX);
	const char *why = options->why ? options->why : "";

	if (!release_is_why(slice_of(why)))
		return error_set(error, -EINVAL, "--why takes one line of at most %u bytes",
				 RELEASE_WHY_MAX);
	int r = write_body(offer, why, &body);
	if (r < 0)
		return error_system(error, r, "the draft");
	r = visit_post(visit, "/drafts", buf_view(&body), ret_told, error);
	if (r > 0 && visit->answer.status == STATUS_UNPROCESSABLE) {
		print_findings(buf_view(&visit->answer.body), options->is_json);
		fflush(stdout);
	}
	return r;
}

static int check(const struct offer *offer, const struct proposal *proposal, struct error *error)
{
	const struct release *release = &proposal->draft.release;

	if (memcmp(release->source_digest, offer->digest, SHA256_SIZE) == 0)
		return 0;
	return error_set(error, -EBADMSG, "the server's draft has other files than were pushed");
}

int offer_make(struct visit *visit, const struct author_options *options, const struct offer *offer,
	       struct error *error)
{
	SCOPED(document_freep) json_t *told = NULL;
	SCOPED(proposal_done) struct proposal proposal = PROPOSAL_NONE;
	char id[EDITION_ID_SIZE];
	int r = options->key ? proposal_check_signer(options, error) : 0;

	if (r == 0)
		r = post(visit, options, offer, &told, error);
	if (r != 0)
		return r;
	snprintf(id, sizeof(id), "%.*s", SLICE_ARGUMENTS(document_text(told, "draft")));
	r = proposal_read(visit, id, &proposal, error);
	if (r == 0)
		r = check(offer, &proposal, error);
	if (r != 0)
		return r;
	/* what is not signed in the end is a draft all the same */
	if (options->key)
		r = proposal_sign(visit, options, &proposal, error);
	proposal_tell(visit, &proposal, options->is_json);
	return r;
}
