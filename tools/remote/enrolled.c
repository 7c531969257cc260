/* SPDX-License-Identifier: MIT */
#include "tools/remote/enrolled.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "control/base64.h"
#include "tools/command/document.h"
#include "tools/command/home.h"
#include "tools/command/json.h"
#include "tools/remote/chain_key.h"
#include "tools/remote/kept.h"

#define FILE_NAME "enrolment.json"
#define FILE_MAX  (4 * MIB)
#define ROOT_FILE "root.json" /* the newest root, if one came since */

void enrolled_done(struct enrolled *enrolled)
{
	sodium_memzero(enrolled->token, sizeof(enrolled->token));
	buf_done(&enrolled->root_text);
}

int enrolled_folder(const char *option, char ret_folder[PATH_MAX], struct error *error)
{
	bool is_of_root = geteuid() == 0 && !home_xdg("XDG_STATE_HOME");
	const char *given = option ? option : is_of_root ? ENROLLED_OF_ROOT : NULL;
	int r;

	if (given)
		r = snprintf(ret_folder, PATH_MAX, "%s", given) < PATH_MAX ? 0 : -ENAMETOOLONG;
	else
		r = home_state_path(ENROLLED_FOLDER_DIR, ret_folder, PATH_MAX);
	return r < 0 ? error_system(error, r, "the folder of the enrolment") : 0;
}

/* What the file has beside keys for checking, and where it comes to. */
static const struct kept_row ROWS[] = {
	{ "url", KEPT_WORD, offsetof(struct enrolled, url), ENROLLED_URL_MAX },
	{ "server", KEPT_WORD, offsetof(struct enrolled, server), ENROLLED_NAME_MAX + 1 },
	{ "agent", KEPT_WORD, offsetof(struct enrolled, agent), ENROLLED_NAME_MAX + 1 },
	{ "bundle", KEPT_WORD, offsetof(struct enrolled, bundle), ENROLLED_NAME_MAX + 1 },
	{ "token", KEPT_WORD, offsetof(struct enrolled, token), ENROLLED_TOKEN_MAX },
	{ "key_hash", KEPT_BYTES, offsetof(struct enrolled, key_hash), SHA256_SIZE },
};

static const struct {
	const char *name;
	size_t offset;
} KEYS[] = {
	{ "freshness_key", offsetof(struct enrolled, freshness) },
	{ "log_key", offsetof(struct enrolled, log) },
};

static int read_keys(const json_t *document, struct enrolled *enrolled)
{
	for (size_t i = 0; i < COUNT_OF(KEYS); i++) {
		if (verifying_key_read(document_text(document, KEYS[i].name),
				       (void *)((char *)enrolled + KEYS[i].offset)) < 0)
			return -EPROTO;
	}
	return 0;
}

/* A note that came from the server which is known, or that was checked before it was kept. */
static int read_root(struct slice note, struct enrolled *enrolled)
{
	SCOPED(buf_done) struct buf copy = BUF_MAX(ROOT_TEXT_MAX);
	struct slice text;
	struct root root;

	if (note_text(note, &text) < 0)
		return -EPROTO;
	buf_add_slice(&copy, text);
	if (copy.failed || root_read(buf_view(&copy), &root) < 0 ||
	    !slice_is(root.server, enrolled->server))
		return -EPROTO;
	buf_done(&enrolled->root_text);
	enrolled->root_text = copy;
	copy = (struct buf)BUF_MAX(ROOT_TEXT_MAX);
	enrolled->root = root;
	return 0;
}

/* Where no root was signed yet, the keys are all there is. */
static int read_first_root(const json_t *document, struct enrolled *enrolled)
{
	const json_t *keys = json_object_get(document, "author_keys");
	json_int_t threshold = json_integer_value(json_object_get(document, "author_threshold"));
	struct root *root = &enrolled->root;
	size_t count = json_array_size(keys);

	if (count == 0 || count > NOTE_KEYS_MAX || threshold < 1 || threshold > NOTE_KEYS_MAX)
		return -EPROTO;
	for (size_t i = 0; i < count; i++) {
		const json_t *key = json_array_get(keys, i);
		struct slice text = { json_string_value(key), json_string_length(key) };

		if (verifying_key_read(text, &root->keys[i]) < 0)
			return -EPROTO;
	}
	root->key_count = count;
	root->threshold = (unsigned int)threshold;
	return 0;
}

static int read_authors(const json_t *document, struct enrolled *enrolled)
{
	struct slice note = document_text(document, "root");

	enrolled->root = (struct root){ .server = slice_of(enrolled->server) };
	return note.length > 0 ? read_root(note, enrolled) : read_first_root(document, enrolled);
}

static int read_document(const json_t *document, struct enrolled *enrolled)
{
	int r = kept_fill(document, ROWS, COUNT_OF(ROWS), enrolled);

	if (r == 0)
		r = read_keys(document, enrolled);
	if (r == 0)
		r = read_authors(document, enrolled);
	return r;
}

static int add_text(json_t *document, const char *name, const char *text)
{
	return json_object_set_new(document, name, json_string(text)) < 0 ? -ENOMEM : 0;
}

/* It names the enrolment to which it came, and so counts for no other where it stays. */
static void forget_root(const char *folder)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/" ROOT_FILE, folder) < (int)sizeof(path))
		unlink(path);
}

/* Kept in a place of its own before the enrolment is, which then goes without it: nobody is to have the
 * first key once the second one is in use. */
static int take_chain_key(json_t *document, const char *folder, const char *agent,
			  struct error *error)
{
	struct record_secret first;
	size_t length;

	if (base64url_read(document_text(document, "chain_key"), first.bytes, sizeof(first.bytes),
			   &length) < 0 ||
	    length != sizeof(first.bytes))
		return error_set(error, -EPROTO, "the server's answer is not complete");
	int r = chain_key_begin(folder, agent, &first, error);
	record_secret_wipe(&first);
	if (r == 0)
		(void)json_object_del(document, "chain_key");
	return r;
}

int enrolled_keep(const char *folder, const char *url, const unsigned char key_hash[SHA256_SIZE],
		  struct slice answer, struct enrolled *ret_enrolled, struct error *error)
{
	SCOPED(document_freep) json_t *document = document_read(answer);
	SCOPED(buf_done) struct buf hash = BUF_MAX(KIB);
	SCOPED(free_p) char *text = NULL;
	SCOPED(close_p) int lock = -1;

	base64url_write(key_hash, SHA256_SIZE, &hash);
	if (document && (add_text(document, "url", url) < 0 ||
			 add_text(document, "key_hash", buf_text(&hash)) < 0))
		return error_system(error, -ENOMEM, "the enrolment");
	if (read_document(document, ret_enrolled) < 0)
		return error_set(error, -EPROTO, "the server's answer is not complete");
	snprintf(ret_enrolled->folder, sizeof(ret_enrolled->folder), "%s", folder);
	int r = kept_lock(folder, &lock, error);
	if (r == 0)
		r = take_chain_key(document, folder, ret_enrolled->agent, error);
	if (r < 0)
		return r;
	text = json_dumps(document, JSON_INDENT(1));
	if (!text)
		return error_system(error, -ENOMEM, "the enrolment");
	r = kept_write(folder, FILE_NAME, slice_of(text), error);
	sodium_memzero(text, strlen(text));
	if (r == 0) {
		forget_root(folder);
		chain_key_forget_others(folder, ret_enrolled->agent);
	}
	return r;
}

/* One that came to an earlier enrolment counts no more. */
static int read_newest_root(struct enrolled *enrolled, struct error *error)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(FILE_MAX);
	size_t length = 0;
	int r = kept_read(enrolled->folder, ROOT_FILE, &text, error);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	SCOPED(document_freep) json_t *document = document_read(buf_view(&text));
	if (document && !slice_is(document_text(document, "agent"), enrolled->agent))
		return 0;
	if (!document || read_root(document_text(document, "root"), enrolled) < 0 ||
	    base64url_read(document_text(document, "held"), enrolled->held_digest, SHA256_SIZE,
			   &length) < 0 ||
	    length != SHA256_SIZE)
		return error_set(error, -EPROTO, "%.300s/" ROOT_FILE " is damaged: enrol again",
				 enrolled->folder);
	return 0;
}

int enrolled_read(const char *folder, struct enrolled *ret_enrolled, struct error *error)
{
	SCOPED(secret_done) struct buf text = BUF_MAX(FILE_MAX);
	int r = kept_read(folder, FILE_NAME, &text, error);

	if (r == -ENOENT)
		return error_set(error, r, "this machine is not enrolled: `chaperone enroll`");
	if (r < 0)
		return r;
	SCOPED(document_freep) json_t *document = document_read(buf_view(&text));
	r = read_document(document, ret_enrolled);
	snprintf(ret_enrolled->folder, sizeof(ret_enrolled->folder), "%s", folder);
	if (r < 0)
		return error_set(error, r, "%.300s/%s is damaged: enrol again", folder, FILE_NAME);
	return read_newest_root(ret_enrolled, error);
}

static int keep_root(const struct enrolled *enrolled, struct slice message,
		     const unsigned char held_digest[SHA256_SIZE], struct error *error)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(FILE_MAX);
	SCOPED(buf_done) struct buf held = BUF_MAX(KIB);

	base64url_write(held_digest, SHA256_SIZE, &held);
	json_open(&out, NULL, '{');
	json_text(&out, "agent", slice_of(enrolled->agent));
	json_text(&out, "root", message);
	json_text(&out, "held", buf_view(&held));
	json_close(&out, '}');
	json_end(&out);
	if (out.failed || held.failed)
		return error_system(error, -ENOMEM, ROOT_FILE);
	return kept_write(enrolled->folder, ROOT_FILE, buf_view(&out), error);
}

/* Of a root that was signed, which points into its own text alone. */
static void take_root(struct enrolled *enrolled, struct enrolled *from)
{
	buf_done(&enrolled->root_text);
	enrolled->root_text = from->root_text;
	from->root_text = (struct buf)BUF_MAX(ROOT_TEXT_MAX);
	enrolled->root = from->root;
	memcpy(enrolled->held_digest, from->held_digest, SHA256_SIZE);
}

int enrolled_lock(struct enrolled *enrolled, int *ret_lock, struct error *error)
{
	SCOPED(enrolled_done) struct enrolled now = { .url = "" };
	SCOPED(close_p) int lock = -1;
	int r = kept_lock(enrolled->folder, &lock, error);

	if (r == 0)
		r = enrolled_read(enrolled->folder, &now, error);
	if (r < 0)
		return r;
	if (strcmp(now.agent, enrolled->agent) != 0 || strcmp(now.token, enrolled->token) != 0)
		return error_set(error, -ESTALE, "this machine was enrolled anew meanwhile");
	if (now.root.version > enrolled->root.version)
		take_root(enrolled, &now);
	*ret_lock = steal_fd(&lock);
	return 0;
}

int enrolled_follow(struct enrolled *enrolled, struct slice message,
		    const unsigned char held_digest[SHA256_SIZE], struct error *error)
{
	SCOPED(close_p) int lock = -1;
	uint64_t version = enrolled->root.version;
	struct root next;
	int r = enrolled_lock(enrolled, &lock, error);

	if (r < 0 || enrolled->root.version > version)
		return r;
	r = root_open_next(&enrolled->root, message, &enrolled->freshness, &next);
	if (r < 0)
		return error_set(error, -EBADMSG,
				 "the server's change of authors to root %" PRIu64
				 " is not followed: %s",
				 enrolled->root.version + 1, root_fault_text(r));
	r = keep_root(enrolled, message, held_digest, error);
	if (r == 0)
		r = read_root(message, enrolled);
	if (r == 0)
		memcpy(enrolled->held_digest, held_digest, SHA256_SIZE);
	return r;
}

bool enrolled_is(const char *folder)
{
	return kept_is(folder, FILE_NAME);
}
