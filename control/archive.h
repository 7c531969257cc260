/* SPDX-License-Identifier: MIT */
/* The source archive of a bundle: all its files, policies and tests, in one text that has one
 * spelling.
 *
 *	chaperone.source/v1
 *	NAME LENGTH
 *	the file's bytes, and at once the next file's line
 *
 * Files stand in the order of their names' bytes, each once. */
#ifndef CONTROL_ARCHIVE_H
#define CONTROL_ARCHIVE_H

#include "common/buf.h"

#define ARCHIVE_NAME_MAX  255u
#define ARCHIVE_FILE_MAX  MIB
#define ARCHIVE_FILES_MAX 512u
#define ARCHIVE_MAX       (16 * MIB) /* bytes of the whole archive */

struct archive_file {
	struct slice name;
	struct slice bytes;
};

/* 1 to 255 letters, digits, dots, dashes and underscores, with ".yaml" at the end and no dot at the
 * beginning: a name in a folder, and never a path. */
bool archive_is_name(struct slice name);

/* Appends an archive of `files`, which are sorted by name (slice_compare).  -EINVAL for names that
 * are none, or not sorted, or twice there; -E2BIG for too many files or bytes; -ENOMEM. */
must_use int archive_write(const struct archive_file *files, size_t count, struct buf *out);

/* Where a walk through an archive is. */
struct archive_walk {
	struct slice rest, last_name;
	size_t seen;
};

/* Begins a walk through `archive`.  -EBADMSG when it is none. */
must_use int archive_open(struct slice archive, struct archive_walk *ret_walk);

/* Goes to the next file: 1 and `ret_file`, which points into the archive; 0 at the end.  -EBADMSG for
 * anything that archive_write would not have written: what was seen so far is then of no use. */
must_use int archive_next(struct archive_walk *walk, struct archive_file *ret_file);

#endif
