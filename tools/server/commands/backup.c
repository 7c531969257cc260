/* SPDX-License-Identifier: MIT */
/* `chaperone-server backup`: another folder that is as good as the server's. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "tools/command/command.h"
#include "tools/command/json.h"
#include "tools/command/options.h"
#include "tools/command/terminal.h"
#include "tools/server/commands/commands.h"
#include "tools/server/store/data.h"

struct backup_options {
	const char *data;
	const char *to;
	bool is_json;
};

static const struct option_row ROWS[] = {
	OPTION_TEXT(backup_options, data, "data", "FOLDER", "the folder that init made"),
	{ .name = "to",
	  .argument = "FOLDER",
	  .offset = OPTION_PLACE(backup_options, to, const char *),
	  .help = "where the copy comes to: a folder that is not there yet",
	  .is_needed = true },
	OPTION_FLAG(backup_options, is_json, "json", "print what was written as JSON"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.about =
		"Copies the server's folder as it is at one moment.  A server may run meanwhile.\n"
		"The copy has the server's keys: keep it as the server is kept.  To restore, serve it:\n"
		"chaperone-server run --data COPY.  A database in PostgreSQL is copied with pg_dump.",
	.exits = "0 copied, 1 not copied, 2 asked wrongly",
};

static const char *const FILES[] = { DATA_CERTIFICATE, DATA_TLS_KEY, DATA_LOG_KEY,
				     DATA_FRESHNESS_KEY };

static int copy_store(const struct data *from, const char *to, struct error *error)
{
	char path[DATA_PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/" DATA_STORE, to);

	if (n < 0 || (size_t)n >= sizeof(path))
		return error_set(error, -ENAMETOOLONG, "the copy's path is too long");
	return store_copy(from->store, path, error);
}

/* What was copied is a server, whole. */
static int verify(const char *to, struct error *error)
{
	SCOPED(data_close) struct data copy = DATA_NONE;
	int r = data_open(to, &copy, error);

	return r < 0 ? r : store_check(copy.store, error);
}

/* Half a copy is none. */
static void discard(int folder, const char *to)
{
	static const char *const JOURNALS[] = { DATA_STORE, DATA_STORE "-wal", DATA_STORE "-shm" };

	for (size_t i = 0; i < COUNT_OF(JOURNALS); i++)
		unlinkat(folder, JOURNALS[i], 0);
	for (size_t i = 0; i < COUNT_OF(FILES); i++)
		unlinkat(folder, FILES[i], 0);
	rmdir(to);
}

static int copy_all(const struct data *from, const char *to, struct error *error)
{
	SCOPED(close_p) int folder = -1;

	if (mkdir(to, 0700) < 0)
		return error_system(error, -errno, to);
	int r = folder_open_private(to, &folder);
	if (r < 0)
		return error_system(error, r, to);
	r = copy_store(from, to, error);
	for (size_t i = 0; i < COUNT_OF(FILES) && r == 0; i++)
		r = data_copy(from, FILES[i], folder, error);
	if (r == 0)
		r = verify(to, error);
	if (r < 0)
		discard(folder, to);
	return r;
}

static void show(const char *to, bool is_json)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(DATA_FILE_MAX);

	if (is_json) {
		json_open(&out, NULL, '{');
		json_text(&out, "written", slice_of(to));
		json_close(&out, '}');
		json_end(&out);
	} else {
		buf_printf(
			&out,
			"Copied to %s, which has the server's keys: keep it as the server is kept.",
			to);
	}
	puts(buf_text(&out));
}

int command_backup(int argc, char **argv)
{
	struct backup_options options = { .data = NULL };
	SCOPED(data_close) struct data data = DATA_NONE;
	struct error error = { .text = "" };
	int status;

	if (!options_read(&OPTIONS, argc, argv, &options, &status))
		return status;
	if (data_open(options.data, &data, &error) < 0 || copy_all(&data, options.to, &error) < 0) {
		terminal_error(argv[0], &error);
		return EXIT_FINDINGS;
	}
	show(options.to, options.is_json);
	return EXIT_GOOD;
}
