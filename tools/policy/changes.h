/* SPDX-License-Identifier: MIT */
/* What differs between two source archives, file by file in the order of names. */
#ifndef TOOLS_POLICY_CHANGES_H
#define TOOLS_POLICY_CHANGES_H

#include "common/buf.h"

#define CHANGES_DIFF_MAX (64 * MIB)

struct change {
	enum change_kind { CHANGE_ADDED, CHANGE_REMOVED, CHANGE_EDITED } kind;
	struct slice name, from, to; /* pointing into the archives */
};

struct changes {
	struct change *items;
	size_t count;
};

/* Finds them; an archive that is empty, without even its first line, has no files.  -EBADMSG for what
 * else is no archive; -ENOMEM. */
must_use int changes_find(struct slice from, struct slice to, struct changes *ret_changes);
void changes_done(struct changes *changes);

const char *change_word(enum change_kind kind);

/* Adds a list "files" of {"name", "change"} to an object. */
void changes_add_json(const struct changes *changes, struct buf *out);

/* Appends a unified diff (tools/policy/line_diff.h), in which `from` and `to` are what the sides are
 * called.  -ENOMEM, -E2BIG. */
must_use int changes_diff(const struct changes *changes, const char *from, const char *to,
			  struct buf *out);

#endif
