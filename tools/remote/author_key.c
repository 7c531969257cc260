/* SPDX-License-Identifier: MIT */
#include "tools/remote/author_key.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/file.h"
#include "tools/remote/kept.h"

#define FILE_MAX (4 * KIB)

int author_key_read(const char *path, struct signing_key *ret_key, struct error *error)
{
	SCOPED(close_p) int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	SCOPED(secret_done) struct buf text = BUF_MAX(FILE_MAX);

	if (fd < 0)
		return error_system(error, -errno, path);
	int r = kept_check_owner(fd, path, error);
	if (r < 0)
		return r;
	r = file_read_fd(fd, &text);
	if (r < 0 && r != -E2BIG)
		return error_system(error, r, path);
	if (r < 0 || signing_key_read(buf_view(&text), ret_key) < 0)
		return error_set(error, -EINVAL,
				 "%.300s is no author's key: PRIVATE+KEY+..., as `chaperone-server "
				 "init` shows it",
				 path);
	return 0;
}
