/* SPDX-License-Identifier: MIT */
#include "tools/server/commands/export_all.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOGS_MAX 256u

struct logs {
	size_t count;
	int64_t own, after;
	size_t seen; /* of a page */
	struct known_log at[LOGS_MAX];
};

/* What its server has not signed cannot be verified by anybody. */
static int keep_log(void *context, const struct known_log *known)
{
	struct logs *logs = context;

	logs->after = known->log;
	logs->seen++;
	if (known->size == 0 && known->log != logs->own)
		return 0;
	if (logs->count == LOGS_MAX)
		return -E2BIG;
	logs->at[logs->count++] = *known;
	return 0;
}

static int find_logs(struct store *store, struct logs *logs)
{
	int r;

	do {
		logs->seen = 0;
		r = known_log_each(store, logs->after, keep_log, logs);
	} while (r == 0 && logs->seen > 0);
	return r;
}

/* Of what a log's name may have, a file's name may not have the slash. */
static int name_file(const char *folder, const char *log, char ret_path[PATH_MAX])
{
	int n = snprintf(ret_path, PATH_MAX, "%s/%s.export", folder, log);

	if (n < 0 || n >= PATH_MAX)
		return -ENAMETOOLONG;
	for (char *at = ret_path + strlen(folder) + 1; *at; at++)
		*at = *at == '/' ? '_' : *at;
	return 0;
}

static void discard(const struct logs *logs, const char *to)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < logs->count; i++) {
		if (name_file(to, logs->at[i].name, path) == 0)
			unlink(path);
	}
	rmdir(to);
}

int export_all(struct store *store, int64_t own, const char *to, export_one_fn *one, void *context,
	       struct error *error)
{
	SCOPED(free_p) struct logs *logs = calloc(1, sizeof(*logs));
	char path[PATH_MAX];

	if (!logs)
		return error_system(error, -ENOMEM, to);
	logs->own = own;
	int r = find_logs(store, logs);
	if (r < 0)
		return error_system(error, r, "the logs");
	if (mkdir(to, 0700) < 0)
		return error_system(error, -errno, to);
	for (size_t i = 0; r == 0 && i < logs->count; i++) {
		r = name_file(to, logs->at[i].name, path);
		r = r < 0 ? error_system(error, r, to)
			  : one(context, &logs->at[i], logs->count, path, error);
	}
	if (r < 0)
		discard(logs, to);
	return r;
}
