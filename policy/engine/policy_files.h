/* SPDX-License-Identifier: MIT */
/* Which files a path stands for: itself, or what a folder holds. */
#ifndef POLICY_ENGINE_POLICY_FILES_H
#define POLICY_ENGINE_POLICY_FILES_H

#include <stddef.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/error.h"

#define POLICY_FOLDER_MAX 4096 /* entries of a folder that are looked at */

enum policy_files_kind {
	POLICY_FILES, /* every .yaml but tests */
	POLICY_TESTS, /* every _test.yaml */
	POLICY_STRAY, /* every .yml: nobody reads it, and its author may think otherwise */
};

struct policy_files {
	char **paths; /* in order of name */
	size_t count;
};

/* Finds the files of `kind`.  A path that is no folder stands for itself, as the kind that its
 * name says.  Finding none
 * is success.  On failure `error` names the path. */
must_use int policy_files_find(const char *path, enum policy_files_kind kind,
			       struct policy_files *ret_files, struct error *error);
void policy_files_done(struct policy_files *files);

/* Appends the file to `text`, whose maximum is POLICY_FILE_MAX; `error` names the path. */
must_use int policy_file_read(const char *path, struct buf *text, struct error *error);

#endif
