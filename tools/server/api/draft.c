/* SPDX-License-Identifier: MIT */
#include "tools/server/api/draft.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>

#include "control/release.h"
#include "tools/command/json.h"
#include "tools/server/people/author.h"
#include "tools/server/policy/published.h"
#include "tools/server/api/version.h"

/* The columns of a draft, in the order of both queries. */
enum column { ID, VERSION, MADE, RELEASE };

static int take_draft(void *context, const struct store_value *columns, size_t count)
{
	struct draft *draft = context;

	(void)count;
	snprintf(draft->id, sizeof(draft->id), "%.*s", SLICE_ARGUMENTS(columns[ID].bytes));
	draft->version = columns[VERSION].number;
	draft->made_ns = columns[MADE].number;
	buf_add_slice(&draft->release, columns[RELEASE].bytes);
	return draft->release.failed;
}

int draft_read(struct store *store, struct slice bundle, struct slice id, struct draft *ret_draft)
{
	*ret_draft = (struct draft){ .release = BUF_MAX(RELEASE_TEXT_MAX) };
	int r = store_run(store,
			  "SELECT id, version, made, release FROM draft"
			  " WHERE bundle = $1 AND id = $2",
			  STORE_VALUES(store_text(bundle), store_text(id)), take_draft, ret_draft);

	if (r == 0 && !ret_draft->id[0])
		r = -ENOENT;
	if (r < 0)
		draft_done(ret_draft);
	return r < 0 ? r : 0;
}

void draft_done(struct draft *draft)
{
	buf_done(&draft->release);
}

static int add_signer(void *context, const struct store_value *columns, size_t count)
{
	(void)count;
	json_text(context, NULL, columns[0].bytes);
	return 0;
}

int draft_add_signers(struct store *store, struct slice id, struct buf *out)
{
	return store_run(store,
			 "SELECT DISTINCT author.account FROM draft_signature"
			 " JOIN author ON author.verifier = draft_signature.verifier"
			 " WHERE draft_signature.draft = $1 ORDER BY author.account",
			 STORE_VALUES(store_text(id)), add_signer, out);
}

struct listing {
	struct store *store;
	struct buf *out;
	int64_t newest;
};

static int add_draft(const struct listing *listing, const struct draft *draft)
{
	struct buf *out = listing->out;

	json_text(out, "draft", slice_of(draft->id));
	json_bool(out, "is_stale", draft->version != listing->newest + 1);
	int r = version_add(out, draft->version, buf_view(&draft->release), "made", draft->made_ns);
	json_open(out, "signers", '[');
	if (r == 0)
		r = draft_add_signers(listing->store, slice_of(draft->id), out);
	json_close(out, ']');
	return r;
}

static int list_draft(void *context, const struct store_value *columns, size_t count)
{
	SCOPED(draft_done) struct draft draft = { .release = BUF_MAX(RELEASE_TEXT_MAX) };
	struct listing *listing = context;
	int r = take_draft(&draft, columns, count);

	if (r < 0)
		return r;
	json_open(listing->out, NULL, '{');
	r = add_draft(listing, &draft);
	json_close(listing->out, '}');
	return r;
}

int draft_list(const struct request *request, struct reply *reply)
{
	struct slice bundle = request->parts[0];
	struct published_newest newest;
	int r = published_newest(request->store, bundle, &newest);

	if (r < 0)
		return r;
	struct listing listing = { request->store, reply_object(reply, MHD_HTTP_OK),
				   newest.version };
	json_open(listing.out, "drafts", '[');
	r = store_run(request->store,
		      "SELECT id, version, made, release FROM draft WHERE bundle = $1"
		      " ORDER BY made DESC, id",
		      STORE_VALUES(store_text(bundle)), list_draft, &listing);
	json_close(listing.out, ']');
	reply_object_end(reply);
	return r;
}

static int add_source(void *context, const struct store_value *columns, size_t count)
{
	(void)count;
	return version_add_base64(context, "source", columns[0].bytes);
}

static int show(const struct request *request, const struct draft *draft, struct reply *reply)
{
	struct published_newest newest;
	uint64_t threshold = 0;
	int r = published_newest(request->store, request->parts[0], &newest);

	if (r == 0)
		r = author_threshold(request->store, &threshold);
	if (r < 0)
		return r;
	struct listing listing = { request->store, reply_object(reply, MHD_HTTP_OK),
				   newest.version };
	r = add_draft(&listing, draft);
	json_number(listing.out, "signatures_needed", threshold);
	json_text(listing.out, "release", buf_view(&draft->release));
	if (r == 0)
		r = store_run(request->store, "SELECT source FROM draft WHERE id = $1",
			      STORE_VALUES(store_text(slice_of(draft->id))), add_source,
			      listing.out);
	reply_object_end(reply);
	return r;
}

int draft_show(const struct request *request, struct reply *reply)
{
	SCOPED(draft_done) struct draft draft = { .id = "" };
	int r = draft_read(request->store, request->parts[0], request->parts[1], &draft);

	if (r == -ENOENT) {
		reply_problem(reply, MHD_HTTP_NOT_FOUND, "there is no such draft");
		return 0;
	}
	return r < 0 ? r : show(request, &draft, reply);
}
