/* SPDX-License-Identifier: MIT */
/* Signatures of authors, by which a draft becomes a policy. */
#include <errno.h>
#include <microhttpd.h>

#include "common/clock.h"
#include "tools/command/json.h"
#include "tools/server/people/audit.h"
#include "tools/server/people/author.h"
#include "tools/server/api/draft.h"
#include "tools/server/http/news.h"
#include "tools/server/policy/published.h"
#include "tools/server/http/server.h"

#define SIGNERS_MAX (64 * KIB)

struct signing {
	struct slice bundle, id, message;
	struct audit_actor actor; /* who brings it */
	struct draft draft;
	struct author_keys keys;
	struct buf note;    /* the release with all signatures that count */
	struct buf signers; /* their accounts, with a space between */
	uint64_t accounts, threshold;
	bool is_published;
};

static void signing_done(struct signing *signing)
{
	draft_done(&signing->draft);
	buf_done(&signing->note);
	buf_done(&signing->signers);
}

/* What can be wrong with a signature. */
static const struct reply_case CASES[] = {
	{ -ENOENT, MHD_HTTP_NOT_FOUND, "there is no such draft" },
	{ -ESTALE, MHD_HTTP_CONFLICT,
	  "another version came first: push the draft again on top of it" },
	{ -EBADMSG, MHD_HTTP_BAD_REQUEST, "a body is a signed note (c2sp.org/signed-note)" },
	{ -EKEYREJECTED, MHD_HTTP_UNPROCESSABLE_CONTENT,
	  "a signature is not that of the key which it names" },
	{ -ENOKEY, MHD_HTTP_UNPROCESSABLE_CONTENT, "no author whose key counts has signed it" },
	{ -EXDEV, MHD_HTTP_UNPROCESSABLE_CONTENT,
	  "what was signed is not the text of this draft's release" },
	{ -E2BIG, MHD_HTTP_UNPROCESSABLE_CONTENT, "the note has too many signatures" },
};

static int read_draft(struct store *store, struct signing *signing)
{
	struct published_newest newest;

	draft_done(&signing->draft);
	int r = draft_read(store, signing->bundle, signing->id, &signing->draft);
	if (r == 0)
		r = published_newest(store, signing->bundle, &newest);
	if (r < 0)
		return r;
	return signing->draft.version == newest.version + 1 ? 0 : -ESTALE;
}

static int check_note(struct store *store, struct signing *signing, struct note *ret_note)
{
	int r = author_keys_read(store, signing->message, &signing->keys);

	if (r == 0)
		r = note_open(signing->message, signing->keys.items, signing->keys.count, ret_note);
	if (r < 0)
		return r;
	return slice_equal(ret_note->text, buf_view(&signing->draft.release)) ? 0 : -EXDEV;
}

static int audit_signing(struct store *store, const struct signing *signing,
			 enum audit_action action, struct slice detail)
{
	char version[AUDIT_VERSION_SIZE];

	audit_version_text(signing->bundle, signing->draft.version, version);
	return audit_add(store, signing->actor,
			 (struct audit_deed){ action, slice_of(version), detail });
}

static int add_signature(struct store *store, const struct signing *signing,
			 const struct verifying_key *key)
{
	SCOPED(buf_done) struct buf verifier = BUF_MAX(KIB);
	struct slice line;
	int r = note_line(signing->message, key, &line);

	if (r < 0)
		return r;
	verifying_key_write(key, &verifier);
	if (verifier.failed)
		return verifier.failed;
	r = store_run(store,
		      "INSERT INTO draft_signature (draft, verifier, line, signed)"
		      " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
		      STORE_VALUES(store_text(signing->id), store_text(buf_view(&verifier)),
				   store_text(line), store_number((int64_t)realtime_ns())),
		      NULL, NULL);
	return r > 0 ? audit_signing(store, signing, AUDIT_SIGNATURE, slice_of(key->name)) : r;
}

static int add_signatures(struct store *store, struct signing *signing)
{
	struct note note;
	int r = check_note(store, signing, &note);

	for (size_t i = 0; r == 0 && i < signing->keys.count; i++) {
		if (note.signed_by & UINT64_C(1) << i)
			r = add_signature(store, signing, &signing->keys.items[i]);
	}
	return r;
}

/* Rows come by account: one who signed with two keys is one. */
static int take_signature(void *context, const struct store_value *columns, size_t count)
{
	struct signing *signing = context;
	struct slice rest = buf_view(&signing->signers), last = rest;

	(void)count;
	while (rest.length > 0)
		last = slice_cut(&rest, ' ');
	if (!slice_equal(last, columns[0].bytes)) {
		signing->accounts++;
		if (signing->signers.length > 0)
			buf_add_char(&signing->signers, ' ');
		buf_add_slice(&signing->signers, columns[0].bytes);
	}
	buf_add_slice(&signing->note, columns[1].bytes);
	return signing->note.failed ? signing->note.failed : signing->signers.failed;
}

/* Signatures of keys that were revoked since do not count. */
static int count_signatures(struct store *store, struct signing *signing)
{
	buf_clear(&signing->note);
	buf_clear(&signing->signers);
	signing->accounts = 0;
	int r = note_begin(buf_view(&signing->draft.release), &signing->note);
	if (r == 0)
		r = author_threshold(store, &signing->threshold);
	if (r < 0)
		return r;
	return store_run(
		store,
		"SELECT author.account, draft_signature.line FROM draft_signature"
		" JOIN author ON author.verifier = draft_signature.verifier"
		" WHERE draft_signature.draft = $1 ORDER BY author.account, author.verifier",
		STORE_VALUES(store_text(signing->id)), take_signature, signing);
}

/* Of two drafts that would be the same version, the primary key lets one through. */
static int publish(struct store *store, const struct signing *signing)
{
	struct slice release = buf_view(&signing->draft.release);
	unsigned char digest[SHA256_SIZE];

	sha256(release.at, release.length, digest);
	int r = store_do(
		store,
		"INSERT INTO policy (bundle, version, release, digest, note, signers, "
		"source, published) SELECT bundle, version, release, $1, $2, $3, source, $4"
		" FROM draft WHERE id = $5",
		STORE_VALUES(store_bytes(digest, sizeof(digest)),
			     store_text(buf_view(&signing->note)),
			     store_text(buf_view(&signing->signers)),
			     store_number((int64_t)realtime_ns()), store_text(signing->id)));
	if (r == -EEXIST)
		r = -ESTALE;
	if (r == 0)
		r = store_do(store, "DELETE FROM draft_signature WHERE draft = $1",
			     STORE_VALUES(store_text(signing->id)));
	if (r == 0)
		r = store_do(store, "DELETE FROM draft WHERE id = $1",
			     STORE_VALUES(store_text(signing->id)));
	return r < 0 ? r
		     : audit_signing(store, signing, AUDIT_VERSION, buf_view(&signing->signers));
}

static int sign(struct store *store, void *context)
{
	struct signing *signing = context;
	int r = read_draft(store, signing);

	if (r == 0)
		r = add_signatures(store, signing);
	if (r == 0)
		r = count_signatures(store, signing);
	if (r < 0)
		return r;
	signing->is_published = signing->accounts >= signing->threshold;
	return signing->is_published ? publish(store, signing) : 0;
}

static void tell(const struct signing *signing, struct reply *reply)
{
	struct buf *out = reply_object(reply, MHD_HTTP_OK);

	json_number(out, "version", (uint64_t)signing->draft.version);
	json_bool(out, "is_published", signing->is_published);
	json_number(out, "signatures", signing->accounts);
	json_number(out, "signatures_needed", signing->threshold);
	reply_object_end(reply);
}

int draft_sign(const struct request *request, struct reply *reply)
{
	SCOPED(signing_done)
	struct signing signing = { .bundle = request->parts[0],
				   .id = request->parts[1],
				   .message = request->body,
				   .actor = person_actor(&request->person),
				   .note = BUF_MAX(NOTE_SIZE_MAX),
				   .signers = BUF_MAX(SIGNERS_MAX) };
	int r = store_transact(request->store, sign, &signing);

	if (r < 0)
		return reply_by_case(reply, CASES, COUNT_OF(CASES), r);
	if (signing.is_published)
		news_tell(&request->server->holds, request->store);
	tell(&signing, reply);
	return 0;
}
