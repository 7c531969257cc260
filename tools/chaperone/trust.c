/* SPDX-License-Identifier: MIT */
/* The trust store. */
#include "tools/chaperone/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "common/file.h"
#include "tools/command/home.h"

#define STORE     ".local/state/chaperone/trust"
#define ENTRY_MAX (PATH_MAX + 128)

/* Paths hold slashes: an entry is named by the path's hash, and says the path behind the digest. */
static void entry_name(const char *path, struct buf *out)
{
	unsigned char digest[SHA256_SIZE];

	sha256(path, strlen(path), digest);
	buf_add_hex(out, digest, sizeof(digest));
}

static void entry_text(const char *path, const unsigned char digest[SHA256_SIZE], struct buf *out)
{
	buf_add_hex(out, digest, SHA256_SIZE);
	buf_printf(out, "  %s\n", path);
}

static int open_store(int *ret_fd, struct error *error)
{
	char path[PATH_MAX];
	int r = home_path(STORE, path, sizeof(path));

	if (r < 0)
		return error_system(error, r, "the trust store needs a home");
	r = folder_open_private(path, ret_fd);
	if (r == -EPERM)
		return error_set(error, r,
				 "%.300s must belong to you and be closed to others (chmod 700)",
				 path);
	return r < 0 ? error_system(error, r, path) : 0;
}

static int read_entry(int store, const char *name, struct buf *text)
{
	SCOPED(close_p)
	int fd = openat(store, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

	return fd < 0 ? -errno : file_read_fd(fd, text);
}

int trust_look_up(const char *path, const unsigned char digest[SHA256_SIZE], enum trust *ret_trust,
		  struct error *error)
{
	SCOPED(buf_done)
	struct buf name = BUF_MAX(2 * SHA256_SIZE), found = BUF_MAX(ENTRY_MAX),
		   wanted = BUF_MAX(ENTRY_MAX);
	SCOPED(close_p) int store = -1;

	entry_name(path, &name);
	entry_text(path, digest, &wanted);
	if (name.failed || wanted.failed)
		return error_system(error, name.failed ? name.failed : wanted.failed, path);
	int r = open_store(&store, error);
	if (r < 0)
		return r;
	r = read_entry(store, buf_text(&name), &found);
	if (r < 0 && r != -ENOENT)
		return error_system(error, r, "the trust store");
	bool is_same = slice_equal(buf_view(&found), buf_view(&wanted));
	*ret_trust = r == -ENOENT ? TRUST_NONE : is_same ? TRUST_GIVEN : TRUST_CHANGED;
	return 0;
}

int trust_give(const char *path, const unsigned char digest[SHA256_SIZE], struct error *error)
{
	SCOPED(buf_done) struct buf name = BUF_MAX(2 * SHA256_SIZE), text = BUF_MAX(ENTRY_MAX);
	SCOPED(close_p) int store = -1;

	entry_name(path, &name);
	entry_text(path, digest, &text);
	if (name.failed || text.failed)
		return error_system(error, name.failed ? name.failed : text.failed, path);
	int r = open_store(&store, error);
	if (r < 0)
		return r;
	r = file_replace(store, buf_text(&name), text.at, text.length);
	return r < 0 ? error_system(error, r, "the trust store") : 0;
}
