/* SPDX-License-Identifier: MIT */
/* An export of the logs of all servers that share a database: a folder with a file for each. */
#ifndef TOOLS_SERVER_COMMANDS_EXPORT_ALL_H
#define TOOLS_SERVER_COMMANDS_EXPORT_ALL_H

#include "common/error.h"
#include "tools/server/record/known_log.h"

/* Writes one of `logs` logs to the file `path`, which is not there. */
typedef int export_one_fn(void *context, const struct known_log *log, uint64_t logs,
			  const char *path, struct error *error);

/* Makes the folder `to` and has each log written to it that is signed, and the one with the number `own` in any
 * case.  Some of them are none: where one cannot be written, all are taken away again. */
must_use int export_all(struct store *store, int64_t own, const char *to, export_one_fn *one,
			void *context, struct error *error);

#endif
