/* SPDX-License-Identifier: MIT */
#include "tools/remote/enrolled.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "control/base64.h"
#include "tools/command/document.h"
#include "tools/command/home.h"

#define FILE_NAME "enrolment.json"
#define FILE_MAX  (256 * KIB)

void enrolled_done(struct enrolled *enrolled)
{
	sodium_memzero(enrolled->token, sizeof(enrolled->token));
	sodium_memzero(enrolled->chain_key, sizeof(enrolled->chain_key));
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

/* Texts that the file has, and where they come to. */
static const struct {
	const char *name;
	size_t offset, size;
} TEXTS[] = {
	{ "url", offsetof(struct enrolled, url), ENROLLED_URL_MAX },
	{ "server", offsetof(struct enrolled, server), ENROLLED_NAME_MAX + 1 },
	{ "agent", offsetof(struct enrolled, agent), ENROLLED_NAME_MAX + 1 },
	{ "bundle", offsetof(struct enrolled, bundle), ENROLLED_NAME_MAX + 1 },
	{ "token", offsetof(struct enrolled, token), ENROLLED_TOKEN_MAX },
};

static const struct {
	const char *name;
	size_t offset;
} BYTES[] = {
	{ "key_hash", offsetof(struct enrolled, key_hash) },
	{ "chain_key", offsetof(struct enrolled, chain_key) },
};

static const struct {
	const char *name;
	size_t offset;
} KEYS[] = {
	{ "freshness_key", offsetof(struct enrolled, freshness) },
	{ "log_key", offsetof(struct enrolled, log) },
};

static void *member(struct enrolled *enrolled, size_t offset)
{
	return (char *)enrolled + offset;
}

/* A header or a path is made of each: no control characters, no blanks. */
static bool is_word(struct slice text)
{
	for (size_t i = 0; i < text.length; i++) {
		if (text.at[i] <= ' ' || text.at[i] > '~')
			return false;
	}
	return text.length > 0;
}

static int read_texts(const json_t *document, struct enrolled *enrolled)
{
	for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
		struct slice text = document_text(document, TEXTS[i].name);

		if (!is_word(text) || text.length >= TEXTS[i].size)
			return -EPROTO;
		snprintf(member(enrolled, TEXTS[i].offset), TEXTS[i].size, "%.*s",
			 SLICE_ARGUMENTS(text));
	}
	return 0;
}

static int read_bytes(const json_t *document, struct enrolled *enrolled)
{
	size_t length;

	for (size_t i = 0; i < COUNT_OF(BYTES); i++) {
		if (base64url_read(document_text(document, BYTES[i].name),
				   member(enrolled, BYTES[i].offset), ENROLLED_KEY_SIZE,
				   &length) < 0 ||
		    length != ENROLLED_KEY_SIZE)
			return -EPROTO;
	}
	return 0;
}

static int read_keys(const json_t *document, struct enrolled *enrolled)
{
	for (size_t i = 0; i < COUNT_OF(KEYS); i++) {
		if (verifying_key_read(document_text(document, KEYS[i].name),
				       member(enrolled, KEYS[i].offset)) < 0)
			return -EPROTO;
	}
	return 0;
}

static int read_authors(const json_t *document, struct enrolled *enrolled)
{
	const json_t *keys = json_object_get(document, "author_keys");
	json_int_t threshold = json_integer_value(json_object_get(document, "author_threshold"));
	size_t count = json_array_size(keys);

	if (count == 0 || count > NOTE_KEYS_MAX || threshold < 1 || threshold > NOTE_KEYS_MAX)
		return -EPROTO;
	for (size_t i = 0; i < count; i++) {
		const json_t *key = json_array_get(keys, i);
		struct slice text = { json_string_value(key), json_string_length(key) };

		if (verifying_key_read(text, &enrolled->authors[i]) < 0)
			return -EPROTO;
	}
	enrolled->author_count = count;
	enrolled->author_threshold = (unsigned int)threshold;
	return 0;
}

static int read_document(const json_t *document, struct enrolled *enrolled)
{
	int r = document ? read_texts(document, enrolled) : -EPROTO;

	if (r == 0)
		r = read_bytes(document, enrolled);
	if (r == 0)
		r = read_keys(document, enrolled);
	if (r == 0)
		r = read_authors(document, enrolled);
	return r;
}

static int write_file(const char *folder, struct slice text, struct error *error)
{
	SCOPED(close_p) int fd = -1;
	int r = folder_open_private(folder, &fd);

	if (r == 0)
		r = file_replace(fd, FILE_NAME, text.at, text.length);
	return r < 0 ? error_system(error, r, folder) : 0;
}

static int add_text(json_t *document, const char *name, const char *text)
{
	return json_object_set_new(document, name, json_string(text)) < 0 ? -ENOMEM : 0;
}

int enrolled_keep(const char *folder, const char *url, const unsigned char key_hash[SHA256_SIZE],
		  struct slice answer, struct enrolled *ret_enrolled, struct error *error)
{
	SCOPED(document_freep) json_t *document = document_read(answer);
	SCOPED(buf_done) struct buf hash = BUF_MAX(KIB);
	SCOPED(free_p) char *text = NULL;

	base64url_write(key_hash, SHA256_SIZE, &hash);
	if (document && (add_text(document, "url", url) < 0 ||
			 add_text(document, "key_hash", buf_text(&hash)) < 0))
		return error_system(error, -ENOMEM, "the enrolment");
	if (read_document(document, ret_enrolled) < 0)
		return error_set(error, -EPROTO, "the server's answer is not complete");
	snprintf(ret_enrolled->folder, sizeof(ret_enrolled->folder), "%s", folder);
	text = json_dumps(document, JSON_INDENT(1));
	if (!text)
		return error_system(error, -ENOMEM, "the enrolment");
	int r = write_file(folder, slice_of(text), error);
	sodium_memzero(text, strlen(text));
	return r;
}

static int open_file(const char *folder, int *ret_fd)
{
	SCOPED(close_p) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	*ret_fd = fd < 0 ? fd : openat(fd, FILE_NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return *ret_fd < 0 ? -errno : 0;
}

/* Whoever may write it says which server is believed. */
static int check_owner(int fd, struct error *error)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return error_system(error, -errno, FILE_NAME);
	if ((status.st_uid != geteuid() && status.st_uid != 0) || (status.st_mode & 077))
		return error_set(error, -EPERM, "%s is not the user's own file with mode 0600",
				 FILE_NAME);
	return 0;
}

int enrolled_read(const char *folder, struct enrolled *ret_enrolled, struct error *error)
{
	SCOPED(close_p) int fd = -1;
	SCOPED(buf_done) struct buf text = BUF_MAX(FILE_MAX);
	int r = open_file(folder, &fd);

	if (r == -ENOENT)
		return error_set(error, r, "this machine is not enrolled: `chaperone enroll`");
	if (r < 0)
		return error_system(error, r, folder);
	r = check_owner(fd, error);
	if (r < 0)
		return r;
	r = file_read_fd(fd, &text);
	if (r < 0)
		return error_system(error, r, folder);
	SCOPED(document_freep) json_t *document = document_read(buf_view(&text));
	r = read_document(document, ret_enrolled);
	snprintf(ret_enrolled->folder, sizeof(ret_enrolled->folder), "%s", folder);
	return r < 0 ? error_set(error, r, "%.300s/%s is damaged: enrol again", folder, FILE_NAME)
		     : 0;
}

bool enrolled_is(const char *folder)
{
	int fd, r = open_file(folder, &fd);

	if (r == 0)
		close(fd);
	return r != -ENOENT && r != -ENOTDIR;
}
