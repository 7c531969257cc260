/* SPDX-License-Identifier: MIT */
/* Signatures of authors, by which a proposal becomes the root. */
#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>

#include "common/clock.h"
#include "tools/command/json.h"
#include "tools/server/people/audit.h"
#include "tools/server/api/roots.h"
#include "tools/server/http/server.h"

#define KEY_TEXT_MAX (1 * KIB)

struct signing {
	const struct server *server;
	struct audit_actor actor; /* who brings it */
	struct slice account;     /* whose he is */
	struct slice message, text;
	struct roots_current current;
	struct root next;
	struct buf note; /* the text with all signatures of it */
	uint64_t signatures;
	bool is_published;
};

static void signing_done(struct signing *signing)
{
	roots_current_done(&signing->current);
	buf_done(&signing->note);
}

/* What can be wrong with a proposal or a signature. */
static const struct reply_case CASES[] = {
	{ -EBADMSG, MHD_HTTP_BAD_REQUEST,
	  "a body is a signed note (c2sp.org/signed-note) of the next root" },
	{ -ESTALE, MHD_HTTP_CONFLICT,
	  "another root or policy came first: propose the change again on top of it" },
	{ -EXDEV, MHD_HTTP_UNPROCESSABLE_CONTENT, "it is another server's, or of another history" },
	{ -EKEYREJECTED, MHD_HTTP_UNPROCESSABLE_CONTENT,
	  "a signature is not that of the key which it names" },
	{ -ENOKEY, MHD_HTTP_UNPROCESSABLE_CONTENT,
	  "nobody has signed it whose key counts, or would then" },
	{ -ENOENT, MHD_HTTP_UNPROCESSABLE_CONTENT,
	  "it names a key that no account has which may sign: `chaperone-server user key` adds them" },
	{ -EDQUOT, MHD_HTTP_CONFLICT,
	  "your account has proposed 100 changes, and no root came since" },
};

static int check_owner(struct store *store, const struct verifying_key *key)
{
	SCOPED(buf_done) struct buf verifier = BUF_MAX(KEY_TEXT_MAX);
	int64_t count = 0;

	verifying_key_write(key, &verifier);
	int r = verifier.failed
			? verifier.failed
			: store_run(store,
				    "SELECT count(*) FROM author_candidate WHERE verifier = $1",
				    STORE_VALUES(store_text(buf_view(&verifier))),
				    store_take_number, &count);
	return r < 0 ? r : count == 0 ? -ENOENT : 0;
}

/* The next root counts the policies as signed that are in force, all of them and no others. */
static int check_policies(struct store *store, const struct root *next)
{
	SCOPED(buf_done) struct buf policies = BUF_MAX(ROOT_TEXT_MAX);
	int r = roots_policies(store, &policies);

	return r < 0 ? r : slice_equal(buf_view(&policies), next->policies) ? 0 : -ESTALE;
}

/* 0 when `message` has all that it takes, 1 when signatures are missing. */
static int open_next(struct signing *signing, struct slice message)
{
	int r = root_open_next(&signing->current.root, message, NULL, &signing->next);

	return r == -EACCES || r == -EPERM ? 1 : r;
}

static int read_next(struct store *store, struct signing *signing)
{
	int r = note_text(signing->message, &signing->text);

	if (r == 0)
		r = root_read(signing->text, &signing->next);
	if (r == 0)
		r = roots_read(store, signing->server->name, &signing->current);
	if (r == 0)
		r = open_next(signing, signing->message);
	if (r >= 0)
		r = root_read(signing->text, &signing->next);
	if (r == 0)
		r = check_policies(store, &signing->next);
	for (size_t i = 0; r == 0 && i < signing->next.key_count; i++)
		r = check_owner(store, &signing->next.keys[i]);
	return r;
}

static struct store_value digest_of(const struct signing *signing)
{
	return store_bytes(signing->next.digest, SHA256_SIZE);
}

/* What nobody signed whose key still counts is not going to be the root. */
static int drop_orphans(struct store *store)
{
	int r = store_do(store,
			 "DELETE FROM root_signature WHERE draft NOT IN"
			 " (SELECT draft FROM root_signature WHERE verifier IN"
			 " (SELECT verifier FROM author_candidate))",
			 STORE_NO_VALUES);

	return r < 0 ? r
		     : store_do(store,
				"DELETE FROM root_draft WHERE digest NOT IN"
				" (SELECT draft FROM root_signature)",
				STORE_NO_VALUES);
}

/* Who proposes too much is in nobody else's way: what is there can always be signed. */
static int keep_draft(struct store *store, const struct signing *signing)
{
	int64_t count = 0;
	int r = drop_orphans(store);

	if (r == 0)
		r = store_run(store,
			      "SELECT count(*) FROM root_draft WHERE account = $1"
			      " AND NOT EXISTS (SELECT 1 FROM root_draft WHERE digest = $2)",
			      STORE_VALUES(store_text(signing->account), digest_of(signing)),
			      store_take_number, &count);
	if (r < 0 || count >= ROOTS_DRAFTS_MAX)
		return r < 0 ? r : -EDQUOT;
	return store_do(store,
			"INSERT INTO root_draft (digest, account, version, text, made)"
			" VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
			STORE_VALUES(digest_of(signing), store_text(signing->account),
				     store_number((int64_t)signing->next.version),
				     store_text(signing->text),
				     store_number((int64_t)realtime_ns())));
}

static int audit_signing(struct store *store, const struct signing *signing,
			 enum audit_action action, struct slice detail)
{
	char number[24];

	snprintf(number, sizeof(number), "%llu", (unsigned long long)signing->next.version);
	return audit_add(store, signing->actor,
			 (struct audit_deed){ action, slice_of(number), detail });
}

static int keep_signature(struct store *store, struct signing *signing,
			  const struct verifying_key *key)
{
	SCOPED(buf_done) struct buf verifier = BUF_MAX(KEY_TEXT_MAX);
	struct slice line;
	struct note note;
	int r = note_open(signing->message, key, 1, &note);

	if (r < 0)
		return r == -ENOKEY ? 0 : r;
	r = note_line(signing->message, key, &line);
	verifying_key_write(key, &verifier);
	if (r < 0 || verifier.failed)
		return r < 0 ? r : verifier.failed;
	signing->signatures++;
	r = store_run(store,
		      "INSERT INTO root_signature (draft, verifier, line, signed)"
		      " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
		      STORE_VALUES(digest_of(signing), store_text(buf_view(&verifier)),
				   store_text(line), store_number((int64_t)realtime_ns())),
		      NULL, NULL);
	return r > 0 ? audit_signing(store, signing, AUDIT_ROOT_SIGN, slice_of(key->name)) : r;
}

static int keep_signatures(struct store *store, struct signing *signing)
{
	const struct root *roots[] = { &signing->current.root, &signing->next };
	int r = 0;

	for (size_t i = 0; i < COUNT_OF(roots); i++) {
		for (size_t k = 0; r == 0 && k < roots[i]->key_count; k++)
			r = keep_signature(store, signing, &roots[i]->keys[k]);
	}
	return r == 0 && signing->signatures == 0 ? -ENOKEY : r;
}

static int take_line(void *context, const struct store_value *columns, size_t count)
{
	struct signing *signing = context;

	(void)count;
	signing->signatures++;
	buf_add_slice(&signing->note, columns[0].bytes);
	return signing->note.failed;
}

/* All signatures that came so far, of keys that are still somebody's. */
static int gather(struct store *store, struct signing *signing)
{
	int r = note_begin(signing->text, &signing->note);

	signing->signatures = 0;
	return r < 0 ? r
		     : store_run(store,
				 "SELECT line FROM root_signature WHERE draft = $1 AND verifier IN"
				 " (SELECT verifier FROM author_candidate) ORDER BY verifier",
				 STORE_VALUES(digest_of(signing)), take_line, signing);
}

static int add_keys(struct store *store, const struct root *root)
{
	SCOPED(buf_done) struct buf verifier = BUF_MAX(KEY_TEXT_MAX);
	int r = 0;

	for (size_t i = 0; r == 0 && i < root->key_count; i++) {
		buf_clear(&verifier);
		verifying_key_write(&root->keys[i], &verifier);
		r = verifier.failed
			    ? verifier.failed
			    : store_do(store,
				       "INSERT INTO root_key (root, verifier) VALUES ($1, $2)",
				       STORE_VALUES(store_number((int64_t)root->version),
						    store_text(buf_view(&verifier))));
	}
	return r;
}

static int set_threshold(struct store *store, unsigned int threshold)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(KEY_TEXT_MAX);

	buf_printf(&text, "%u", threshold);
	return text.failed ? text.failed
			   : store_do(store,
				      "INSERT INTO setting (name, value) VALUES"
				      " ('author_threshold', $1) ON CONFLICT (name) DO UPDATE"
				      " SET value = excluded.value",
				      STORE_VALUES(store_text(buf_view(&text))));
}

static int audit_root(struct store *store, const struct signing *signing)
{
	const struct root *root = &signing->next;
	SCOPED(buf_done) struct buf detail = BUF_MAX(ROOT_TEXT_MAX);

	buf_printf(&detail, "%u of", root->threshold);
	for (size_t i = 0; i < root->key_count; i++)
		buf_printf(&detail, " %s", root->keys[i].name);
	return detail.failed ? detail.failed
			     : audit_signing(store, signing, AUDIT_ROOT, buf_view(&detail));
}

/* What else was proposed would follow another root. */
static int publish(struct store *store, struct signing *signing)
{
	int r = note_sign(signing->text, &signing->server->freshness, &signing->note);

	if (r == 0)
		r = store_do(store,
			     "INSERT INTO root (version, text, note, published)"
			     " VALUES ($1, $2, $3, $4)",
			     STORE_VALUES(store_number((int64_t)signing->next.version),
					  store_text(signing->text),
					  store_text(buf_view(&signing->note)),
					  store_number((int64_t)realtime_ns())));
	if (r == -EEXIST)
		r = -ESTALE;
	if (r == 0)
		r = add_keys(store, &signing->next);
	if (r == 0)
		r = set_threshold(store, signing->next.threshold);
	if (r == 0)
		r = store_do(store, "DELETE FROM root_signature", STORE_NO_VALUES);
	if (r == 0)
		r = store_do(store, "DELETE FROM root_draft", STORE_NO_VALUES);
	if (r == 0)
		r = store_do(store, "DELETE FROM root_first", STORE_NO_VALUES);
	return r < 0 ? r : audit_root(store, signing);
}

static int sign(struct store *store, void *context)
{
	struct signing *signing = context;
	int r;

	buf_clear(&signing->note);
	signing->signatures = 0;
	r = read_next(store, signing);
	if (r == 0)
		r = keep_draft(store, signing);
	if (r == 0)
		r = keep_signatures(store, signing);
	if (r == 0)
		r = gather(store, signing);
	if (r == 0)
		r = signing->signatures > 0 ? open_next(signing, buf_view(&signing->note)) : 1;
	if (r == 0 && signing->current.root.version == 0)
		r = roots_check_first(store, buf_view(&signing->note));
	signing->is_published = r == 0;
	return r > 0 ? 0 : r < 0 ? r : publish(store, signing);
}

int roots_sign(const struct request *request, struct reply *reply)
{
	SCOPED(signing_done)
	struct signing signing = { .server = request->server,
				   .actor = person_actor(&request->person),
				   .account = slice_of(request->person.account),
				   .message = request->body,
				   .current = ROOTS_CURRENT,
				   .note = BUF_MAX(NOTE_SIZE_MAX) };
	int r = store_transact(request->store, sign, &signing);

	if (r < 0)
		return reply_by_case(reply, CASES, COUNT_OF(CASES), r);
	struct buf *out = reply_object(reply, MHD_HTTP_OK);
	json_number(out, "root", signing.next.version);
	json_bool(out, "is_published", signing.is_published);
	json_number(out, "signatures", signing.signatures);
	reply_object_end(reply);
	return 0;
}
