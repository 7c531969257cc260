/* SPDX-License-Identifier: MIT */
#include "tools/remote/authority.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "control/line.h"
#include "control/release.h"
#include "tools/command/document.h"
#include "tools/remote/enrolled.h"

/* A root that is believed. */
struct known {
	struct root root;
	struct buf note;          /* into which it points; empty for that of the enrolment */
	struct enrolled enrolled; /* likewise */
};

static void known_done(struct known *known)
{
	buf_done(&known->note);
	enrolled_done(&known->enrolled);
}

/* ---- what is known ---- */

static int read_note(struct slice note, struct root *ret_root)
{
	struct slice text;
	int r = note_text(note, &text);

	return r < 0 ? r : root_read(text, ret_root);
}

static int find_remembered(const struct visit *visit, struct known *known, struct error *error)
{
	int r = session_authors_read(&visit->session, &known->note, error);

	if (r == 0 && read_note(buf_view(&known->note), &known->root) < 0)
		r = error_set(error, -EBADMSG, "the authors that are known here are damaged");
	return r;
}

static int find_followed(const struct visit *visit, struct known *known)
{
	struct enrolled *enrolled = &known->enrolled;
	char folder[PATH_MAX];

	if (enrolled_folder(NULL, folder, NULL) < 0 || enrolled_read(folder, enrolled, NULL) < 0 ||
	    memcmp(enrolled->key_hash, visit->session.key_hash, SHA256_SIZE) != 0)
		return -ENOENT;
	known->root = enrolled->root;
	return 0;
}

/* -ENOENT: nothing is. */
static int find_known(const struct visit *visit, struct known *known, struct error *error)
{
	int r = find_remembered(visit, known, error);

	return r == -ENOENT ? find_followed(visit, known) : r;
}

/* ---- the root in force ---- */

static int get_root(struct visit *visit, uint64_t version, struct buf *note, struct error *error)
{
	struct slice text;
	int r = visit_get_text(visit, &text, error, "/v1/authors/roots/%" PRIu64, version);

	if (r != 0)
		return r;
	buf_add_slice(note, text);
	return note->failed ? error_set(error, -EBADMSG, "root %" PRIu64 " is too long", version)
			    : 0;
}

static void become(struct known *known, const struct root *root, struct buf *note)
{
	buf_done(&known->note);
	known->note = *note;
	*note = (struct buf)BUF_MAX(NOTE_SIZE_MAX);
	known->root = *root;
}

static int walk(struct visit *visit, uint64_t newest, struct known *known, struct error *error)
{
	while (known->root.version < newest) {
		SCOPED(buf_done) struct buf note = BUF_MAX(NOTE_SIZE_MAX);
		uint64_t version = known->root.version + 1;
		struct root next;
		int r = get_root(visit, version, &note, error);

		if (r != 0)
			return r;
		r = root_open_next(&known->root, buf_view(&note), NULL, &next);
		if (r < 0)
			return error_set(error, -EBADMSG,
					 "root %" PRIu64
					 " does not follow from the authors who are known here: %s",
					 version, root_fault_text(r));
		become(known, &next, &note);
	}
	return 0;
}

/* Of authors whom nobody here knows, so that only they themselves can have signed it. */
static int meet(struct visit *visit, uint64_t version, struct known *known, struct error *error)
{
	SCOPED(buf_done) struct buf note = BUF_MAX(NOTE_SIZE_MAX);
	unsigned int signers = 0;
	struct root root;
	int r = get_root(visit, version, &note, error);

	if (r != 0)
		return r;
	if (read_note(buf_view(&note), &root) < 0 ||
	    root_signers(&root, buf_view(&note), &signers) < 0 || signers < root.threshold)
		return error_set(error, -EBADMSG, "root %" PRIu64 " is not signed by its authors",
				 version);
	become(known, &root, &note);
	return 0;
}

static bool is_shown(const struct root *shown, const struct root *known)
{
	return known->version == shown->version && slice_equal(known->server, shown->server) &&
	       memcmp(known->digest, shown->digest, SHA256_SIZE) == 0;
}

static int remember(struct visit *visit, struct known *known, struct keys *keys,
		    struct error *error)
{
	int r = 0;

	if (known->note.length == 0) /* the enrolment's */
		r = meet(visit, known->root.version, known, error);
	if (r == 0)
		r = session_authors_keep(&visit->session, buf_view(&known->note), error);
	if (r != 0)
		return r;
	keys->note = known->note;
	known->note = (struct buf)BUF_MAX(NOTE_SIZE_MAX);
	keys->root = known->root;
	return 0;
}

static int check_root(struct visit *visit, struct keys *keys, struct error *error)
{
	SCOPED(known_done)
	struct known known = { .note = BUF_MAX(NOTE_SIZE_MAX), .enrolled = { .url = "" } };
	const struct root *shown = &keys->root;
	int r = find_known(visit, &known, error);

	keys->is_new = r == -ENOENT;
	if (r == 0)
		r = walk(visit, shown->version, &known, error);
	else if (r == -ENOENT)
		r = shown->version == 0 ? 0 : meet(visit, shown->version, &known, error);
	if (r != 0 || (shown->version == 0 && known.root.version == 0))
		return r;
	if (!is_shown(shown, &known.root))
		return error_set(error, -EBADMSG,
				 "the server shows root %" PRIu64 ", and root %" PRIu64
				 " is known here: it is not the server that it was",
				 shown->version, known.root.version);
	return remember(visit, &known, keys, error);
}

/* ---- the policies ---- */

static int read_line(struct slice line, struct release *ret_release,
		     unsigned char ret_digest[SHA256_SIZE])
{
	slice_cut(&line, ' ');
	ret_release->bundle = slice_cut(&line, ' ');
	return line_number(slice_cut(&line, ' '), &ret_release->version) < 0 ||
			       line_digest(line, ret_digest) < 0 ||
			       !name_is_plain(ret_release->bundle)
		       ? -EBADMSG
		       : 0;
}

/* As machines do (bundle.h). */
static bool is_vouched(const struct root *root, struct slice note, const struct release *named,
		       const unsigned char digest[SHA256_SIZE])
{
	unsigned char found[SHA256_SIZE];
	unsigned int signers = 0;
	struct release release;
	struct slice text;

	if (root_has_policy(root, named->bundle, named->version, digest))
		return true;
	if (note_text(note, &text) < 0 || release_read(text, &release) < 0)
		return false;
	sha256(text.at, text.length, found);
	return memcmp(found, digest, SHA256_SIZE) == 0 &&
	       slice_equal(release.bundle, named->bundle) && release.version == named->version &&
	       root_signers(root, note, &signers) == 0 && signers >= root->threshold;
}

static int check_policy(struct visit *visit, const struct keys *keys, struct slice line,
			struct error *error)
{
	SCOPED(document_freep) json_t *document = NULL;
	unsigned char digest[SHA256_SIZE];
	struct release named;

	if (read_line(line, &named, digest) < 0)
		return error_set(error, -EPROTO, "the server's answer is not complete");
	int r = visit_get(visit, &document, error, "/v1/policies/%.*s/versions/%" PRIu64,
			  SLICE_ARGUMENTS(named.bundle), named.version);
	if (r != 0)
		return r;
	if (is_vouched(&keys->root, document_text(document, "note"), &named, digest))
		return 0;
	return error_set(error, -EBADMSG,
			 "version %" PRIu64 " of %.*s is in force on the server, and not signed by "
			 "the authors who count: publish a version that is",
			 named.version, SLICE_ARGUMENTS(named.bundle));
}

int authority_check(struct visit *visit, struct keys *keys, struct error *error)
{
	int r = check_root(visit, keys, error);
	struct slice lines = keys->policies;

	while (r == 0 && lines.length > 0)
		r = check_policy(visit, keys, slice_cut(&lines, '\n'), error);
	return r;
}
