/* SPDX-License-Identifier: MIT */
/* The logs that a database has: what each is called, and whose signatures count for it. */
#ifndef TOOLS_SERVER_RECORD_KNOWN_LOG_H
#define TOOLS_SERVER_RECORD_KNOWN_LOG_H

#include "common/buf.h"
#include "control/key.h"
#include "tools/server/store/store.h"

#define KNOWN_LOG_KEY_MAX 256u

struct known_log {
	int64_t log; /* its number; 0: there is none */
	char name[KEY_NAME_MAX + 1];
	char key[KNOWN_LOG_KEY_MAX]; /* NAME+ID+BASE64 (c2sp.org/signed-note) */
	uint64_t size;               /* of the newest checkpoint; 0: there is none */
};

/* -ENOENT: there is none of that name, or of that number. */
must_use int known_log_named(struct store *store, struct slice name, struct known_log *ret_known);
must_use int known_log_numbered(struct store *store, int64_t log, struct known_log *ret_known);

/* Gives each that has a number above `after`, in the order of these, 100 at most. */
typedef int known_log_fn(void *context, const struct known_log *known);
must_use int known_log_each(struct store *store, int64_t after, known_log_fn *seen, void *context);

/* Gives the newest checkpoint of the log of that number, or the one of `size` leaves where that is not 0.
 * -ENOENT. */
must_use int known_log_checkpoint(struct store *store, int64_t log, uint64_t size,
				  struct buf *note);

#endif
