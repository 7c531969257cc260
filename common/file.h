/* SPDX-License-Identifier: MIT */
/* Files and folders, opened so that a planted link or pipe is never followed (O_NOFOLLOW, owner
 * checked). */
#ifndef COMMON_FILE_H
#define COMMON_FILE_H

#include <dirent.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/buf.h"
#include "common/cleanup.h"

/* Appends the whole regular file `path` to `buf`.  -EISDIR, -ENOTSUP for what is not a regular file
 * (pipes are never waited for), -E2BIG beyond the buffer's maximum, or open's and read's errors. */
must_use int file_read(const char *path, struct buf *buf);

/* As file_read for what is open already; reads from where the descriptor stands. */
must_use int file_read_fd(int fd, struct buf *buf);

/* Opens the folder `path`, making it and its missing parents with mode 0700.  -ELOOP for a link in
 * the last part, -EPERM when it is not ours or others can enter it.  `*ret_fd` is an O_PATH-free
 * descriptor. */
must_use int folder_open_private(const char *path, int *ret_fd);

/* A list of what is in the folder, from its beginning, whoever listed it before through the same
 * descriptor; for closedir. */
must_use int folder_list(int folder_fd, DIR **ret_list);

/* Writes all of `bytes`, however many calls it takes. */
must_use int file_write_all(int fd, const void *bytes, size_t length);

/* Replaces NAME in the folder `folder_fd` by `bytes`: temporary file, fsync, rename, fsync of the
 * folder. */
must_use int file_replace(int folder_fd, const char *name, const void *bytes, size_t length);

#endif
