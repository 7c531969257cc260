/* SPDX-License-Identifier: MIT */
/* What the server says of authors' keys: the root in force, and what is proposed (GET /v1/authors). */
#ifndef TOOLS_REMOTE_KEYS_H
#define TOOLS_REMOTE_KEYS_H

#include "control/root.h"
#include "tools/remote/visit.h"

struct keys {
	json_t *document; /* the answer, into which the next two point */
	struct root root;
	struct slice policies; /* the lines that the next root has to have */
	/* of authority_check */
	struct buf note; /* of the root, into which that points then */
	bool is_new;     /* nothing here vouches for its keys */
};

#define KEYS_NONE                                                                                  \
	{                                                                                          \
		.document = NULL, .note = BUF_MAX(NOTE_SIZE_MAX)                                   \
	}

void keys_done(struct keys *keys);

/* Asks for them.  As visit_get; -EPROTO for an answer that is none. */
must_use int keys_read(struct visit *visit, struct keys *ret_keys, struct error *error);

#endif
