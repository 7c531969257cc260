/* SPDX-License-Identifier: MIT */
#include "tools/remote/session.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "control/base64.h"
#include "control/key.h"
#include "control/note.h"
#include "tools/command/home.h"
#include "tools/command/json.h"
#include "tools/remote/kept.h"

#define FOLDER    "chaperone"
#define FILE_NAME "login.json"
#define FILE_MAX  (16 * KIB)

#define AUTHORS_NAME "authors.json"
#define AUTHORS_MAX  (2 * NOTE_SIZE_MAX)

#define ROW(kind, member)                                                                          \
	{                                                                                          \
#member, kind, offsetof(struct session, member),                                   \
			sizeof(((struct session *)0)->member)                                      \
	}

/* What the file has.  The last ANSWER_ROWS come from the server. */
/* clang-format off */
static const struct kept_row ROWS[] = {
	ROW(KEPT_WORD, url),
	ROW(KEPT_BYTES, key_hash),
	ROW(KEPT_WORD, account),
	ROW(KEPT_WORD, bundle),
	ROW(KEPT_WORD, role),
	ROW(KEPT_WORD, token),
	ROW(KEPT_WORD, expires),
};
/* clang-format on */
#define ANSWER_ROWS 3u

void session_done(struct session *session)
{
	sodium_memzero(session->token, sizeof(session->token));
}

static int find_folder(char ret_folder[PATH_MAX], struct error *error)
{
	int r = home_config_path(FOLDER, ret_folder, PATH_MAX);

	return r < 0 ? error_system(error, r, "the folder of the log-in") : 0;
}

static void write_member(const struct session *session, const struct kept_row *row, struct buf *out)
{
	const char *member = (const char *)session + row->offset;
	SCOPED(buf_done) struct buf bytes = BUF_MAX(KIB);

	if (row->kind == KEPT_WORD) {
		json_text(out, row->name, slice_of(member));
		return;
	}
	base64url_write(member, row->size, &bytes);
	json_text(out, row->name, buf_view(&bytes));
}

static int write_file(const struct session *session, struct error *error)
{
	SCOPED(secret_done) struct buf out = BUF_MAX(FILE_MAX);
	char folder[PATH_MAX];
	int r = find_folder(folder, error);

	json_open(&out, NULL, '{');
	for (size_t i = 0; i < COUNT_OF(ROWS); i++)
		write_member(session, &ROWS[i], &out);
	json_close(&out, '}');
	json_end(&out);
	if (r == 0 && out.failed)
		r = error_system(error, out.failed, "the log-in");
	return r < 0 ? r : kept_write(folder, FILE_NAME, buf_view(&out), error);
}

int session_keep(struct slice answer, struct session *session, struct error *error)
{
	SCOPED(document_freep) json_t *document = document_read(answer);

	if (kept_fill(document, ROWS + COUNT_OF(ROWS) - ANSWER_ROWS, ANSWER_ROWS, session) < 0)
		return error_set(error, -EPROTO, "the server's answer is not complete");
	return write_file(session, error);
}

int session_read(struct session *ret_session, struct error *error)
{
	SCOPED(secret_done) struct buf text = BUF_MAX(FILE_MAX);
	char folder[PATH_MAX];
	int r = find_folder(folder, error);

	if (r < 0)
		return r;
	r = kept_read(folder, FILE_NAME, &text, error);
	if (r == -ENOENT)
		return error_set(error, r, "nobody is logged in: `chaperone login`");
	if (r < 0)
		return r;
	SCOPED(document_freep) json_t *document = document_read(buf_view(&text));
	r = kept_fill(document, ROWS, COUNT_OF(ROWS), ret_session);
	return r < 0 ? error_set(error, r, "%.300s/" FILE_NAME " is damaged: log in again", folder)
		     : 0;
}

int session_authors_keep(const struct session *session, struct slice note, struct error *error)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(AUTHORS_MAX);
	SCOPED(buf_done) struct buf hash = BUF_MAX(KIB);
	char folder[PATH_MAX];
	int r = find_folder(folder, error);

	base64url_write(session->key_hash, SHA256_SIZE, &hash);
	json_open(&out, NULL, '{');
	json_text(&out, "key_hash", buf_view(&hash));
	json_text(&out, "root", note);
	json_close(&out, '}');
	json_end(&out);
	if (r == 0 && out.failed)
		r = error_system(error, out.failed, AUTHORS_NAME);
	return r < 0 ? r : kept_write(folder, AUTHORS_NAME, buf_view(&out), error);
}

int session_authors_read(const struct session *session, struct buf *note, struct error *error)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(AUTHORS_MAX);
	unsigned char hash[SHA256_SIZE];
	char folder[PATH_MAX];
	size_t length = 0;
	int r = find_folder(folder, error);

	if (r == 0)
		r = kept_read(folder, AUTHORS_NAME, &text, error);
	if (r < 0)
		return r;
	SCOPED(document_freep) json_t *document = document_read(buf_view(&text));
	if (!document ||
	    base64url_read(document_text(document, "key_hash"), hash, sizeof(hash), &length) < 0 ||
	    length != sizeof(hash))
		return error_set(error, -EBADMSG, "%.300s/" AUTHORS_NAME " is damaged: remove it",
				 folder);
	if (memcmp(hash, session->key_hash, sizeof(hash)) != 0)
		return -ENOENT;
	buf_add_slice(note, document_text(document, "root"));
	return note->failed;
}

int session_drop(struct error *error)
{
	char folder[PATH_MAX], path[PATH_MAX + sizeof(FILE_NAME)];
	int r = find_folder(folder, error);

	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "%s/" FILE_NAME, folder);
	return unlink(path) < 0 && errno != ENOENT ? error_system(error, -errno, path) : 0;
}
