/* SPDX-License-Identifier: MIT */
/* An author's key, which is in a file of his own. */
#ifndef TOOLS_REMOTE_AUTHOR_KEY_H
#define TOOLS_REMOTE_AUTHOR_KEY_H

#include "common/error.h"
#include "control/key.h"

/* Reads it.  -EPERM: others may read the file; -EINVAL: no key is in it. */
must_use int author_key_read(const char *path, struct signing_key *ret_key, struct error *error);

#endif
