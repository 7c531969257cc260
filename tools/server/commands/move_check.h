/* SPDX-License-Identifier: MIT */
/* Whether what was brought to another database is what was there. */
#ifndef TOOLS_SERVER_COMMANDS_MOVE_CHECK_H
#define TOOLS_SERVER_COMMANDS_MOVE_CHECK_H

#include "tools/server/store/store.h"

/* Compares, of each log, the root over all leaves of the one with the tree of the other, and with the newest
 * checkpoint, which the log's key signed.  -EUCLEAN: they differ; `error` says which. */
must_use int move_check_logs(struct store *from, struct store *to, struct error *error);

#endif
