/* SPDX-License-Identifier: MIT */
#include "tools/remote/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "control/freshness.h"
#include "control/release.h"
#include "tools/remote/kept.h"

#define POLICY_FILE    "policy"
#define FRESHNESS_FILE "freshness" /* of the latest word; the policy has its first */

void bundle_done(struct bundle *bundle)
{
	buf_done(&bundle->text);
}

/* ---- believing ---- */

/* What the root in force counts as signed by its authors, and what was held when it came to be. */
static bool is_vouched(const struct enrolled *enrolled, struct slice text)
{
	unsigned char digest[SHA256_SIZE];
	struct release release;

	sha256(text.at, text.length, digest);
	if (memcmp(digest, enrolled->held_digest, SHA256_SIZE) == 0)
		return true;
	return release_read(text, &release) == 0 &&
	       root_has_policy(&enrolled->root, release.bundle, release.version, digest);
}

static int check_authors(const struct enrolled *enrolled, struct slice message,
			 struct slice *ret_text, struct error *error)
{
	unsigned int authors = 0;
	struct slice text;
	int r = note_text(message, &text);

	if (r == 0)
		r = root_signers(&enrolled->root, message, &authors);
	if (r < 0)
		return error_set(error, -EBADMSG, "the policy's signatures are not right");
	if (authors < enrolled->root.threshold && !is_vouched(enrolled, text))
		return error_set(error, -EBADMSG,
				 "the policy is signed by %u of the authors that this machine "
				 "knows, and %u are needed",
				 authors, enrolled->root.threshold);
	*ret_text = text;
	return 0;
}

static int check_release(const struct enrolled *enrolled, struct slice message, struct slice source,
			 struct release *ret_release, struct bundle *ret_bundle,
			 struct error *error)
{
	unsigned char digest[SHA256_SIZE];
	struct slice text;
	int r = check_authors(enrolled, message, &text, error);

	if (r < 0)
		return r;
	if (release_read(text, ret_release) < 0)
		return error_set(error, -EBADMSG, "what the authors signed is no policy");
	if (!slice_is(ret_release->bundle, enrolled->bundle))
		return error_set(error, -EBADMSG, "the policy is %.*s, and this machine's is %s",
				 SLICE_ARGUMENTS(ret_release->bundle), enrolled->bundle);
	sha256(source.at, source.length, digest);
	if (source.length != ret_release->source_length ||
	    memcmp(digest, ret_release->source_digest, sizeof(digest)) != 0)
		return error_set(error, -EBADMSG,
				 "the policy's files are not those that were signed");
	ret_bundle->version = ret_release->version;
	ret_bundle->source = source;
	sha256(text.at, text.length, ret_bundle->release_digest);
	return 0;
}

static int check_freshness(const struct enrolled *enrolled, struct slice message,
			   struct bundle *bundle, struct error *error)
{
	struct freshness said;

	if (freshness_open(message, &enrolled->freshness, &said) < 0)
		return error_set(error, -EBADMSG,
				 "the server's word that the policy is the newest is not right");
	if (!slice_is(said.bundle, enrolled->bundle) || said.version != bundle->version ||
	    memcmp(said.release_digest, bundle->release_digest, SHA256_SIZE) != 0)
		return error_set(error, -EBADMSG,
				 "the server's word is about another policy: version %" PRIu64
				 " of %.*s",
				 said.version, SLICE_ARGUMENTS(said.bundle));
	if (said.expires_s > INT64_MAX)
		return error_set(error, -EBADMSG, "the server's word has no end");
	bundle->issued_s = said.issued_s;
	bundle->expires_s = said.expires_s;
	return 0;
}

static int read_envelope(const struct enrolled *enrolled, struct release *ret_release,
			 struct bundle *bundle, struct error *error)
{
	struct envelope envelope;

	if (envelope_read(buf_view(&bundle->text), &envelope) < 0)
		return error_set(error, -EBADMSG, "the policy is damaged");
	int r = check_release(enrolled, envelope.release, envelope.source, ret_release, bundle,
			      error);
	return r < 0 ? r : check_freshness(enrolled, envelope.freshness, bundle, error);
}

/* Against what is held: a policy never becomes an older one, nor one of another history. */
static int check_history(const struct bundle *held, const struct release *release,
			 const struct bundle *next, struct error *error)
{
	if (held->version == 0)
		return 0;
	if (next->version < held->version)
		return error_set(error, -EBADMSG,
				 "version %" PRIu64 " would take back version %" PRIu64,
				 next->version, held->version);
	bool is_same = memcmp(next->release_digest, held->release_digest, SHA256_SIZE) == 0;
	bool follows = memcmp(release->previous_digest, held->release_digest, SHA256_SIZE) == 0;
	if ((next->version == held->version && !is_same) ||
	    (next->version == held->version + 1 && !follows))
		return error_set(error, -EBADMSG,
				 "version %" PRIu64 " is of another history than version %" PRIu64
				 ", which is held",
				 next->version, held->version);
	return 0;
}

static int check_time(const struct bundle *held, uint64_t issued_s, struct error *error)
{
	if (issued_s < held->issued_s)
		return error_set(error, -EBADMSG,
				 "what the server says is older than what it said before");
	return 0;
}

/* ---- keeping ---- */

/* 0 with an empty text where there is no such file. */
static int read_kept(const struct enrolled *enrolled, const char *name, struct buf *text,
		     struct error *error)
{
	SCOPED(close_p) int folder = -1;
	SCOPED(close_p) int fd = -1;
	int r = folder_open_private(enrolled->folder, &folder);

	if (r < 0)
		return error_system(error, r, enrolled->folder);
	fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : error_system(error, -errno, name);
	r = file_read_fd(fd, text);
	return r < 0 ? error_system(error, r, name) : 0;
}

/* A word that is about something else, or older, adds nothing: it was kept for an earlier version. */
static int load_freshness(const struct enrolled *enrolled, struct bundle *bundle,
			  struct error *error)
{
	SCOPED(buf_done) struct buf note = BUF_MAX(NOTE_SIZE_MAX);
	struct bundle said = *bundle;
	int r = read_kept(enrolled, FRESHNESS_FILE, &note, error);

	if (r < 0 || note.length == 0)
		return r;
	if (check_freshness(enrolled, buf_view(&note), &said, NULL) == 0 &&
	    check_time(bundle, said.issued_s, NULL) == 0) {
		bundle->issued_s = said.issued_s;
		bundle->expires_s = said.expires_s;
	}
	return 0;
}

static void replace(struct bundle *held, struct bundle *next)
{
	bundle_done(held);
	*held = *next;
	*next = (struct bundle)BUNDLE_NONE;
}

int bundle_load(const struct enrolled *enrolled, struct bundle *ret_bundle, struct error *error)
{
	SCOPED(bundle_done) struct bundle bundle = BUNDLE_NONE;
	struct release release;
	int r = read_kept(enrolled, POLICY_FILE, &bundle.text, error);

	if (r == 0 && bundle.text.length > 0)
		r = read_envelope(enrolled, &release, &bundle, error);
	if (r == 0 && bundle.version > 0)
		r = load_freshness(enrolled, &bundle, error);
	if (r < 0)
		return r;
	replace(ret_bundle, &bundle);
	return 0;
}

int bundle_held(const struct enrolled *enrolled, struct bundle *ret_bundle, struct error *error)
{
	int r = bundle_load(enrolled, ret_bundle, error);

	if (r != -EBADMSG)
		return r;
	if (error)
		*error = (struct error){ .text = "" };
	bundle_done(ret_bundle);
	*ret_bundle = (struct bundle)BUNDLE_NONE;
	return 0;
}

/* ---- receiving ---- */

/* What is held, once nobody else keeps anything meanwhile. */
struct holding {
	int lock;
	bool is_moved; /* another process had kept something since */
};

static void holding_done(struct holding *holding)
{
	close_p(&holding->lock);
}

static int hold(struct enrolled *enrolled, struct bundle *held, struct holding *ret_holding,
		struct error *error)
{
	SCOPED(bundle_done) struct bundle now = BUNDLE_NONE;
	uint64_t root_version = enrolled->root.version;
	int r = enrolled_lock(enrolled, &ret_holding->lock, error);

	if (r == 0)
		r = bundle_held(enrolled, &now, error);
	if (r < 0)
		return r;
	ret_holding->is_moved = enrolled->root.version != root_version ||
				now.version != held->version || now.issued_s != held->issued_s;
	replace(held, &now);
	return 0;
}

/* What cannot be believed may have been right before somebody else kept what is held now. */
static int judged(const struct holding *holding, int r)
{
	return r == -EBADMSG && holding->is_moved ? -EALREADY : r;
}

static int check_next(const struct enrolled *enrolled, const struct bundle *held,
		      struct bundle *next, struct error *error)
{
	struct release release;
	int r = read_envelope(enrolled, &release, next, error);

	if (r == 0)
		r = check_history(held, &release, next, error);
	return r == 0 ? check_time(held, next->issued_s, error) : r;
}

int bundle_receive(struct enrolled *enrolled, struct slice envelope, bundle_try_fn try,
		   void *context, struct bundle *held, struct error *error)
{
	SCOPED(bundle_done) struct bundle next = BUNDLE_NONE;
	SCOPED(holding_done) struct holding holding = { .lock = -1 };
	uint64_t version = held->version;

	buf_add_slice(&next.text, envelope);
	if (next.text.failed)
		return error_set(error, -EBADMSG, "the policy is too long");
	int r = hold(enrolled, held, &holding, error);
	if (r == 0)
		r = judged(&holding, check_next(enrolled, held, &next, error));
	if (r == 0 && next.version != held->version)
		r = try(context, next.source, error);
	if (r == 0)
		r = kept_write(enrolled->folder, POLICY_FILE, buf_view(&next.text), error);
	if (r < 0)
		return r;
	replace(held, &next);
	return held->version != version;
}

int bundle_refresh(struct enrolled *enrolled, struct slice note, struct bundle *held,
		   struct error *error)
{
	SCOPED(holding_done) struct holding holding = { .lock = -1 };
	int r = hold(enrolled, held, &holding, error);

	if (r < 0)
		return r;
	struct bundle said = *held;
	r = held->version == 0 ? error_set(error, -EBADMSG, "there is no policy yet")
			       : check_freshness(enrolled, note, &said, error);
	if (r == 0)
		r = check_time(held, said.issued_s, error);
	r = judged(&holding, r);
	if (r == 0)
		r = kept_write(enrolled->folder, FRESHNESS_FILE, note, error);
	if (r < 0)
		return r;
	held->issued_s = said.issued_s;
	held->expires_s = said.expires_s;
	return 0;
}
