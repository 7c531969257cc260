/* SPDX-License-Identifier: MIT */
/* The page of a draft: what it changes, what a check finds, and whose signatures are missing. */
#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <stdio.h>

#include "control/archive.h"
#include "control/release.h"
#include "tools/command/document.h"
#include "tools/server/people/author.h"
#include "tools/server/api/draft.h"
#include "tools/server/pages/lines.h"
#include "tools/server/pages/pages.h"
#include "tools/server/pages/trial_findings.h"
#include "tools/server/policy/published.h"

#define TITLE_MAX 160u
#define LABEL_MAX 40u

/* A draft with what it would follow. */
struct sight {
	struct draft draft;
	struct release release;
	struct buf source;
	json_t *findings; /* what its check found as it came */
	struct published_newest newest;
	struct published_text before; /* empty where there is no version yet */
};

static void sight_done(struct sight *sight)
{
	draft_done(&sight->draft);
	buf_done(&sight->source);
	json_decref(sight->findings);
	published_text_done(&sight->before);
}

static int take_source(void *context, const struct store_value *columns, size_t count)
{
	struct sight *sight = context;

	(void)count;
	buf_add_slice(&sight->source, columns[0].bytes);
	sight->findings = document_read(columns[1].bytes);
	return sight->findings ? sight->source.failed : -EIO;
}

static int read_sight(const struct view *view, struct sight *sight)
{
	struct store *store = view->request->store;
	struct slice bundle = view->request->parts[0];
	int r = draft_read(store, bundle, view->request->parts[1], &sight->draft);

	if (r == 0)
		r = store_run(store, "SELECT source, findings FROM draft WHERE id = $1",
			      STORE_VALUES(store_text(slice_of(sight->draft.id))), take_source,
			      sight);
	if (r == 0)
		r = published_newest(store, bundle, &sight->newest);
	if (r == 0 && sight->newest.version > 0)
		r = published_read(store, bundle, sight->newest.version, &sight->before);
	if (r == 0 && release_read(buf_view(&sight->draft.release), &sight->release) < 0)
		r = -EIO;
	return r;
}

/* Accounts in a row, and how many. */
struct signers {
	struct view *view;
	uint64_t count;
};

static int add_signer(void *context, const struct store_value *columns, size_t count)
{
	struct signers *signers = context;

	(void)count;
	if (signers->count++ > 0)
		HTML_PUT(signers->view->out, ", ");
	HTML(signers->view->out, "{}", html_text(columns[0].bytes));
	return 0;
}

static int add_signers(struct view *view, const struct draft *draft)
{
	struct signers signers = { view, 0 };
	uint64_t threshold = 0;
	int r = author_threshold(view->request->store, &threshold);

	HTML_PUT(view->out, "<dt>Signed by</dt><dd>");
	if (r == 0)
		r = store_run(view->request->store,
			      "SELECT DISTINCT author.account FROM draft_signature"
			      " JOIN author ON author.verifier = draft_signature.verifier"
			      " WHERE draft_signature.draft = $1 ORDER BY author.account",
			      STORE_VALUES(store_text(slice_of(draft->id))), add_signer, &signers);
	if (signers.count == 0)
		HTML_PUT(view->out, "nobody yet");
	uint64_t missing = threshold > signers.count ? threshold - signers.count : 0;
	HTML(view->out, "; {} of {} signatures missing</dd>\n", html_number((int64_t)missing),
	     html_number((int64_t)threshold));
	return r;
}

static int add_facts(struct view *view, const struct sight *sight)
{
	struct buf *out = view->out;

	if (sight->draft.version != sight->newest.version + 1)
		HTML_PUT(out,
			 "<p class=\"bad\" role=\"note\">It came too late: another version was "
			 "published first. Push it again.</p>\n");
	HTML(out,
	     "<dl class=\"facts\">\n<dt>Draft</dt><dd><code>{}</code></dd>\n<dt>Why</dt><dd>{}</dd>\n"
	     "<dt>By</dt><dd>{}</dd>\n<dt>Made</dt><dd>",
	     html_word(sight->draft.id), html_text(sight->release.why),
	     html_text(sight->release.by));
	view_add_time(view, sight->draft.made_ns);
	HTML_PUT(out, "</dd>\n");
	int r = add_signers(view, &sight->draft);
	HTML_PUT(out, "</dl>\n");
	HTML(out,
	     "<p>Authors sign it with <code>chaperone policy sign {} --bundle {}</code>, which shows "
	     "what changes.</p>\n",
	     html_word(sight->draft.id), html_text(view->request->parts[0]));
	return r;
}

static int show(struct view *view, const struct sight *sight)
{
	char title[TITLE_MAX], from[LABEL_MAX] = "nothing";

	snprintf(title, sizeof(title), "%.*s: draft of version %" PRId64,
		 SLICE_ARGUMENTS(view->request->parts[0]), sight->draft.version);
	if (sight->newest.version > 0)
		snprintf(from, sizeof(from), "version %" PRId64, sight->newest.version);
	view_begin(view, "/policies", slice_of(title));
	HTML(view->out, "<p class=\"links\"><a href=\"/policies/{}\">All versions</a></p>\n",
	     html_url(view->request->parts[0]));
	int r = add_facts(view, sight);
	if (r < 0)
		return r;
	/* A look at a page starts no check: it costs what a push may. */
	trial_findings_add(view->out, json_object_get(sight->findings, "findings"));
	HTML(view->out, "<h2>What it changes</h2>\n<p>Compared with {}.</p>\n", html_word(from));
	r = lines_add_changes(view->out, buf_view(&sight->before.source), buf_view(&sight->source),
			      (const char *const[]){ from, "the draft" });
	HTML_PUT(view->out, "<h2>Its text</h2>\n");
	return r < 0 ? r : lines_add_archive(view->out, buf_view(&sight->source));
}

int draft_view(struct view *view)
{
	SCOPED(sight_done) struct sight sight = { .source = BUF_MAX(ARCHIVE_MAX) };
	int r = read_sight(view, &sight);

	if (r == -ENOENT) {
		view_refuse(view, MHD_HTTP_NOT_FOUND, "There is no such draft.");
		return 0;
	}
	return r < 0 ? r : show(view, &sight);
}
