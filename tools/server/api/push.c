/* SPDX-License-Identifier: MIT */
/* Drafts as authors push them. */
#include <errno.h>
#include <microhttpd.h>
#include <sodium.h>
#include <string.h>

#include "common/clock.h"
#include "control/archive.h"
#include "control/base64.h"
#include "control/release.h"
#include "tools/command/json.h"
#include "tools/server/people/audit.h"
#include "tools/server/people/author.h"
#include "tools/server/api/draft.h"
#include "tools/server/policy/published.h"
#include "tools/server/policy/trial.h"

#define STALE_NS (24 * 3600 * SECOND_NS) /* for which a draft that came too late is kept */

struct push {
	struct slice bundle, by, why;
	struct audit_actor actor;
	int64_t rollback_of; /* 0: it brings its source */
	struct published_text text;
	struct trial trial;
	struct buf findings; /* of that, as an object */
	struct draft draft;
	uint64_t threshold;
};

static void push_done(struct push *push)
{
	published_text_done(&push->text);
	trial_done(&push->trial);
	buf_done(&push->findings);
	draft_done(&push->draft);
}

/* What can be wrong with a push. */
static const struct reply_case CASES[] = {
	{ -EDOM, MHD_HTTP_BAD_REQUEST,
	  "a body is {\"source\": an archive in base64, or \"rollback_of\": a version, \"why\": one "
	  "line}" },
	{ -ENOENT, MHD_HTTP_NOT_FOUND, "there is no such version to go back to" },
	{ -EBADMSG, MHD_HTTP_UNPROCESSABLE_CONTENT,
	  "the source is no archive (chaperone.source/v1) of at most 16 MiB" },
	{ -ETIME, MHD_HTTP_UNPROCESSABLE_CONTENT,
	  "the bundle could not be checked and tested within 20 seconds" },
	{ -ENOTRECOVERABLE, MHD_HTTP_UNPROCESSABLE_CONTENT,
	  "what checks and tests the bundle ended in the middle of it: a statement of its tests "
	  "may be too much for the parser" },
	{ -EDQUOT, MHD_HTTP_CONFLICT, "you have 100 drafts of the bundle that somebody signed" },
};

static int read_push(const json_t *document, struct push *push)
{
	const json_t *rollback = json_object_get(document, "rollback_of");
	struct slice source = document_text(document, "source");

	push->why = document_text(document, "why");
	push->rollback_of = json_integer_value(rollback);
	if (!push->why.at || !release_is_why(push->why) || !source.at != !!rollback ||
	    (rollback && push->rollback_of <= 0) || !name_is_plain(push->bundle))
		return -EDOM;
	int r = rollback ? 0 : base64_read_all(source, &push->text.source);
	return r == 0 || r == -ENOMEM ? r : -EDOM;
}

static int check_archive(struct slice archive)
{
	struct archive_walk walk;
	struct archive_file file;
	int r = archive_open(archive, &walk);

	while (r == 0 && (r = archive_next(&walk, &file)) > 0)
		r = 0;
	return r;
}

static int get_source(const struct request *request, struct push *push)
{
	if (push->rollback_of > 0)
		return published_read(request->store, push->bundle, push->rollback_of, &push->text);
	return check_archive(buf_view(&push->text.source));
}

/* Drafts that came too late are shown for a day. */
static int make_room(struct store *store, const struct push *push, int64_t newest)
{
	struct store_values stale =
		STORE_VALUES(store_text(push->bundle), store_number(newest),
			     store_number(push->draft.made_ns - (int64_t)STALE_NS));
	int r = store_do(store,
			 "DELETE FROM draft_signature WHERE draft IN (SELECT id FROM draft"
			 " WHERE bundle = $1 AND version <= $2 AND made < $3)",
			 stale);

	if (r == 0)
		r = store_do(store,
			     "DELETE FROM draft WHERE bundle = $1 AND version <= $2 AND made < $3",
			     stale);
	return r;
}

/* Of an account that has too many, the oldest goes that nobody has signed: who holds somebody's token and
 * pushes drafts is in nobody's way. */
static int make_own_room(struct store *store, const struct push *push)
{
	struct store_values whose = STORE_VALUES(store_text(push->bundle), store_text(push->by));
	int64_t count = 0;
	int r = store_run(store, "SELECT count(*) FROM draft WHERE bundle = $1 AND account = $2",
			  whose, store_take_number, &count);

	if (r < 0 || count < (int64_t)DRAFTS_MAX)
		return r;
	r = store_run(store,
		      "DELETE FROM draft WHERE id IN (SELECT id FROM draft WHERE bundle = $1"
		      " AND account = $2 AND NOT EXISTS (SELECT 1 FROM draft_signature"
		      " WHERE draft_signature.draft = draft.id) ORDER BY made, id LIMIT 1)",
		      whose, NULL, NULL);
	return r < 0 ? r : r == 0 ? -EDQUOT : 0;
}

static int write_release(const struct push *push, const struct published_newest *newest,
			 struct buf *out)
{
	struct slice source = buf_view(&push->text.source);
	struct release release = { .bundle = push->bundle,
				   .version = (uint64_t)newest->version + 1,
				   .previous = (uint64_t)newest->version,
				   .source_length = source.length,
				   .by = push->by,
				   .why = push->why };

	memcpy(release.previous_digest, newest->digest, SHA256_SIZE);
	sha256(source.at, source.length, release.source_digest);
	buf_clear(out);
	return release_write(&release, out);
}

static int audit_draft(struct store *store, const struct push *push)
{
	char version[AUDIT_VERSION_SIZE];

	audit_version_text(push->bundle, push->draft.version, version);
	return audit_add(
		store, push->actor,
		(struct audit_deed){ AUDIT_DRAFT, slice_of(version), slice_of(push->draft.id) });
}

static int add_draft(struct store *store, void *context)
{
	struct push *push = context;
	struct draft *draft = &push->draft;
	struct published_newest newest;
	int r = published_newest(store, push->bundle, &newest);

	if (r == 0)
		r = author_threshold(store, &push->threshold);
	if (r == 0)
		r = make_room(store, push, newest.version);
	if (r == 0)
		r = make_own_room(store, push);
	if (r == 0)
		r = write_release(push, &newest, &draft->release);
	if (r < 0)
		return r;
	draft->version = newest.version + 1;
	r = store_do(store,
		     "INSERT INTO draft (id, bundle, account, version, release, source,"
		     " findings, made) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		     STORE_VALUES(store_text(slice_of(draft->id)), store_text(push->bundle),
				  store_text(push->by), store_number(draft->version),
				  store_text(buf_view(&draft->release)),
				  store_bytes(push->text.source.at, push->text.source.length),
				  store_text(buf_view(&push->findings)),
				  store_number(draft->made_ns)));
	return r < 0 ? r : audit_draft(store, push);
}

static int write_findings(struct push *push)
{
	SCOPED(free_p) char *text = json_dumps(push->trial.findings, JSON_COMPACT);

	if (!text)
		return -ENOMEM;
	buf_printf(&push->findings, "{\"findings\":%s}", text);
	return push->findings.failed;
}

/* As members of an object that goes on. */
static void add_findings(const struct push *push, struct buf *out)
{
	struct slice object = buf_view(&push->findings);

	buf_add_slice(out, slice_part(object, 1, object.length - 2));
	buf_add_char(out, ',');
}

static int keep(const struct request *request, struct push *push, struct reply *reply)
{
	unsigned char id[DRAFT_ID_SIZE];

	push->draft.release = (struct buf)BUF_MAX(RELEASE_TEXT_MAX);
	push->draft.made_ns = (int64_t)realtime_ns();
	randombytes_buf(id, sizeof(id));
	sodium_bin2hex(push->draft.id, sizeof(push->draft.id), id, sizeof(id));
	int r = store_transact(request->store, add_draft, push);
	if (r < 0)
		return r;
	struct buf *out = reply_object(reply, MHD_HTTP_CREATED);
	json_text(out, "draft", slice_of(push->draft.id));
	json_number(out, "version", (uint64_t)push->draft.version);
	json_text(out, "release", buf_view(&push->draft.release));
	json_number(out, "signatures_needed", push->threshold);
	add_findings(push, out);
	reply_object_end(reply);
	return 0;
}

static void refuse(const struct push *push, struct reply *reply)
{
	struct buf *out = reply_problem_open(reply, MHD_HTTP_UNPROCESSABLE_CONTENT,
					     "the bundle does not pass its checks and tests");

	add_findings(push, out);
	reply_object_end(reply);
}

static int push_source(const struct request *request, const json_t *document, struct push *push,
		       struct reply *reply)
{
	int r = read_push(document, push);

	if (r == 0)
		r = get_source(request, push);
	if (r == 0)
		r = trial_run(buf_view(&push->text.source), &push->trial);
	if (r == 0)
		r = write_findings(push);
	if (r < 0)
		return r;
	if (push->trial.errors == 0)
		return keep(request, push, reply);
	refuse(push, reply);
	return 0;
}

int draft_push(const struct request *request, struct reply *reply)
{
	SCOPED(document_freep) json_t *document = document_read(request->body);
	SCOPED(push_done)
	struct push push = { .bundle = request->parts[0],
			     .by = slice_of(request->person.account),
			     .actor = person_actor(&request->person),
			     .text = { .source = BUF_MAX(ARCHIVE_MAX) },
			     .findings = BUF_MAX(DRAFT_FINDINGS_MAX) };
	int r = push_source(request, document, &push, reply);

	return r < 0 ? reply_by_case(reply, CASES, COUNT_OF(CASES), r) : 0;
}
