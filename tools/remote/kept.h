/* SPDX-License-Identifier: MIT */
/* Files with secrets that a user keeps between commands: his alone, replaced at once, and read with
 * care for who else could have written them. */
#ifndef TOOLS_REMOTE_KEPT_H
#define TOOLS_REMOTE_KEPT_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/error.h"
#include "tools/command/document.h"

/* Writes the file NAME in `folder`, which is made where it is not there, with its parents. */
must_use int kept_write(const char *folder, const char *name, struct slice text,
			struct error *error);

/* Appends what the file holds to `text`.  -ENOENT, without `error`: there is none; -EPERM: others may
 * read or write it. */
must_use int kept_read(const char *folder, const char *name, struct buf *text, struct error *error);

/* Takes the folder for itself, whoever else has it being waited for: what is read then stays as it is until
 * the descriptor is closed, and what others keep meanwhile comes later. */
must_use int kept_lock(const char *folder, int *ret_fd, struct error *error);

/* Likewise for who only reads, together with others who do; for a second at most, and without a lock where
 * none can be had: whoever keeps something may have been stopped, and the folder may be one that cannot be
 * written. */
void kept_lock_to_read(const char *folder, int *ret_fd);

/* Whether anything is there, be it readable or not. */
bool kept_is(const char *folder, const char *name);

/* Whether an open file is the user's or root's, and nobody else may read or write it.  -EPERM. */
must_use int kept_check_owner(int fd, const char *name, struct error *error);

/* A member of a document, and where it comes to in an object. */
struct kept_row {
	const char *name;
	enum kept_kind {
		KEPT_WORD,  /* printable ASCII without a blank: a header or a path is made of it */
		KEPT_BYTES, /* `size` of them, in base64url */
	} kind;
	size_t offset, size; /* of the member; of a word with its NUL */
};

/* Fills the object at `ret_object` by the rows.  -EPROTO for a document without one of them. */
must_use int kept_fill(const json_t *document, const struct kept_row *rows, size_t count,
		       void *ret_object);

#endif
