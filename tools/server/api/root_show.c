/* SPDX-License-Identifier: MIT */
/* Showing roots: one to a machine, all that is about them to people. */
#include <errno.h>
#include <microhttpd.h>

#include "control/line.h"
#include "tools/command/json.h"
#include "tools/server/policy/published.h"
#include "tools/server/api/roots.h"
#include "tools/server/http/server.h"

static int take_note(void *context, const struct store_value *columns, size_t count)
{
	struct reply *reply = context;

	(void)count;
	reply->status = MHD_HTTP_OK;
	reply->type = "text/plain; charset=utf-8";
	buf_add_slice(&reply->body, columns[0].bytes);
	return reply->body.failed;
}

int roots_answer(const struct request *request, struct reply *reply)
{
	int64_t version = 0;
	int r = 0;

	if (published_version_read(request->parts[0], &version) == 0)
		r = store_run(request->store, "SELECT note FROM root WHERE version = $1",
			      STORE_VALUES(store_number(version)), take_note, reply);
	if (r < 0)
		return r;
	if (reply->body.length == 0)
		reply_problem(reply, MHD_HTTP_NOT_FOUND, "there is no such root");
	return 0;
}

static int add_candidate(void *context, const struct store_value *columns, size_t count)
{
	struct buf *out = context;

	(void)count;
	json_open(out, NULL, '{');
	json_text(out, "verifier", columns[0].bytes);
	json_text(out, "account", columns[1].bytes);
	json_close(out, '}');
	return out->failed;
}

/* Rows come by draft: a text, and who signed it. */
struct drafts {
	struct buf *out;
	struct buf text; /* of the draft that is open */
};

static void end_draft(struct drafts *drafts)
{
	if (drafts->text.length == 0)
		return;
	json_close(drafts->out, ']');
	json_close(drafts->out, '}');
}

static int add_draft(void *context, const struct store_value *columns, size_t count)
{
	struct drafts *drafts = context;
	struct slice text = columns[0].bytes;

	(void)count;
	if (!slice_equal(text, buf_view(&drafts->text))) {
		end_draft(drafts);
		buf_clear(&drafts->text);
		buf_add_slice(&drafts->text, text);
		json_open(drafts->out, NULL, '{');
		json_text(drafts->out, "text", text);
		json_open(drafts->out, "signed_by", '[');
	}
	json_text(drafts->out, NULL, columns[1].bytes);
	return drafts->text.failed ? drafts->text.failed : drafts->out->failed;
}

static int add_drafts(struct store *store, struct buf *out)
{
	struct drafts drafts = { out, BUF_MAX(ROOT_TEXT_MAX) };

	json_open(out, "drafts", '[');
	int r = store_run(store,
			  "SELECT root_draft.text, root_signature.verifier FROM root_draft"
			  " JOIN root_signature ON root_signature.draft = root_draft.digest"
			  " ORDER BY root_draft.made, root_draft.digest, root_signature.verifier",
			  STORE_NO_VALUES, add_draft, &drafts);
	end_draft(&drafts);
	json_close(out, ']');
	buf_done(&drafts.text);
	return r;
}

static void add_current(const struct root *root, struct buf *out)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(4 * KIB);

	line_digest_write(root->digest, &text);
	json_text(out, "server", root->server);
	json_number(out, "root", root->version);
	json_text(out, "digest", buf_view(&text));
	json_number(out, "threshold", root->threshold);
	json_open(out, "keys", '[');
	for (size_t i = 0; i < root->key_count; i++) {
		buf_clear(&text);
		verifying_key_write(&root->keys[i], &text);
		json_text(out, NULL, buf_view(&text));
	}
	json_close(out, ']');
}

int roots_show(const struct request *request, struct reply *reply)
{
	SCOPED(roots_current_done) struct roots_current current = ROOTS_CURRENT;
	SCOPED(buf_done) struct buf policies = BUF_MAX(ROOT_TEXT_MAX);
	int r = roots_read(request->store, request->server->name, &current);

	if (r == 0)
		r = roots_policies(request->store, &policies);
	if (r < 0)
		return r;
	struct buf *out = reply_object(reply, MHD_HTTP_OK);
	add_current(&current.root, out);
	json_text(out, "policies", buf_view(&policies));
	json_open(out, "candidates", '[');
	r = store_run(request->store,
		      "SELECT verifier, account FROM author_candidate ORDER BY verifier",
		      STORE_NO_VALUES, add_candidate, out);
	json_close(out, ']');
	if (r == 0)
		r = add_drafts(request->store, out);
	reply_object_end(reply);
	return r;
}
