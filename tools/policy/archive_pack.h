/* SPDX-License-Identifier: MIT */
/* Making a bundle's source archive (control/archive.h) of the files of a path. */
#ifndef TOOLS_POLICY_ARCHIVE_PACK_H
#define TOOLS_POLICY_ARCHIVE_PACK_H

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/error.h"

/* Appends an archive of the policies and tests that `path` stands for, a folder or one policy.  -ENOENT:
 * there is no policy; -EINVAL: a file's name is none that an archive has; -E2BIG: too many, or too
 * long.  `error` names the file. */
must_use int archive_pack(const char *path, struct buf *out, struct error *error);

#endif
