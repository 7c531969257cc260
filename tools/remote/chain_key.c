/* SPDX-License-Identifier: MIT */
#include "tools/remote/chain_key.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/base64.h"
#include "tools/command/json.h"
#include "tools/remote/enrolled.h"
#include "tools/remote/kept.h"

#define PREFIX    "chain-"
#define LOCK_NAME "chain.lock"
#define FILE_SIZE 256u

static void name_of(const char *agent, char ret_name[NAME_MAX])
{
	snprintf(ret_name, NAME_MAX, PREFIX "%.200s", agent);
}

static int write_key(const char *folder, const char *name, uint64_t epoch,
		     const struct record_secret *key, struct error *error)
{
	SCOPED(secret_done) struct buf text = BUF_MAX(FILE_SIZE);
	SCOPED(secret_done) struct buf word = BUF_MAX(FILE_SIZE);

	base64url_write(key->bytes, sizeof(key->bytes), &word);
	json_open(&text, NULL, '{');
	json_number(&text, "epoch", epoch);
	json_text(&text, "key", buf_view(&word));
	json_close(&text, '}');
	json_end(&text);
	if (text.failed || word.failed)
		return error_system(error, -ENOMEM, name);
	return kept_write(folder, name, buf_view(&text), error);
}

int chain_key_begin(const char *folder, const char *agent, const struct record_secret *first,
		    struct error *error)
{
	char name[NAME_MAX];

	name_of(agent, name);
	return write_key(folder, name, 0, first, error);
}

static int parse_key(struct slice text, uint64_t *ret_epoch, struct record_secret *ret_key)
{
	SCOPED(document_freep) json_t *document = document_read(text);
	const json_t *epoch = document ? json_object_get(document, "epoch") : NULL;
	size_t length;

	if (!json_is_integer(epoch) || json_integer_value(epoch) < 0 ||
	    base64url_read(document_text(document, "key"), ret_key->bytes, sizeof(ret_key->bytes),
			   &length) < 0 ||
	    length != sizeof(ret_key->bytes))
		return -EPROTO;
	*ret_epoch = (uint64_t)json_integer_value(epoch);
	return 0;
}

static int read_key(const char *folder, const char *name, uint64_t *ret_epoch,
		    struct record_secret *ret_key, struct error *error)
{
	SCOPED(secret_done) struct buf text = BUF_MAX(FILE_SIZE);
	int r = kept_read(folder, name, &text, error);

	if (r == 0)
		r = parse_key(buf_view(&text), ret_epoch, ret_key);
	return r == -ENOENT || r == -EPROTO
		       ? error_set(error, r,
				   "%.300s/%.60s, with which the record is sealed, is missing or "
				   "damaged: chaperone enroll --again",
				   folder, name)
		       : r;
}

/* What had a name until now, so far as the file system writes in place. */
static void overwrite(int fd)
{
	static const char ZEROS[FILE_SIZE];

	if (pwrite(fd, ZEROS, sizeof(ZEROS), 0) == (ssize_t)sizeof(ZEROS))
		(void)fdatasync(fd);
}

static int open_in(int folder, const char *name, int *ret_fd)
{
	*ret_fd = openat(folder, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	return *ret_fd < 0 ? -errno : 0;
}

/* Agents that start at once take one key each. */
static int take_lock(int folder, int *ret_fd)
{
	*ret_fd = openat(folder, LOCK_NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (*ret_fd < 0)
		return -errno;
	while (flock(*ret_fd, LOCK_EX) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

static int take_next(const char *folder, const char *name, struct record_secret *ret_key,
		     uint64_t *ret_epoch, struct error *error)
{
	struct record_secret next;
	int r = read_key(folder, name, ret_epoch, ret_key, error);

	if (r < 0)
		return r;
	next = *ret_key;
	record_secret_next(&next);
	r = write_key(folder, name, *ret_epoch + 1, &next, error);
	record_secret_wipe(&next);
	return r;
}

int chain_key_take(const char *folder, struct record_secret *ret_key, uint64_t *ret_epoch,
		   struct error *error)
{
	SCOPED(enrolled_done) struct enrolled enrolled = { .url = "" };
	SCOPED(close_p) int fd = -1;
	SCOPED(close_p) int lock = -1;
	SCOPED(close_p) int before = -1;
	char name[NAME_MAX];
	int r = enrolled_read(folder, &enrolled, error);

	if (r < 0)
		return r;
	name_of(enrolled.agent, name);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	r = fd < 0 ? -errno : take_lock(fd, &lock);
	if (r < 0)
		return error_system(error, r, folder);
	(void)open_in(fd, name, &before);
	r = take_next(folder, name, ret_key, ret_epoch, error);
	if (r < 0)
		record_secret_wipe(ret_key);
	else
		overwrite(before);
	return r;
}

static void forget(int folder, const char *name)
{
	SCOPED(close_p) int fd = -1;

	if (open_in(folder, name, &fd) == 0)
		overwrite(fd);
	(void)unlinkat(folder, name, 0);
}

void chain_key_forget_others(const char *folder, const char *agent)
{
	DIR *listed = opendir(folder);
	char own[NAME_MAX];

	name_of(agent, own);
	for (struct dirent *entry; listed && (entry = readdir(listed));) {
		if (strncmp(entry->d_name, PREFIX, sizeof(PREFIX) - 1) == 0 &&
		    strcmp(entry->d_name, own) != 0)
			forget(dirfd(listed), entry->d_name);
	}
	if (listed)
		closedir(listed);
}
