/* SPDX-License-Identifier: MIT */
/* `chaperone-server replica`: the folder of one more server for the same database, which has all that
 * machines know the server by and signs a log of its own. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "control/name.h"
#include "tools/command/command.h"
#include "tools/command/json.h"
#include "tools/command/options.h"
#include "tools/command/terminal.h"
#include "tools/server/commands/commands.h"
#include "tools/server/store/data.h"
#include "tools/server/record/ledger.h"

struct replica_options {
	const char *data;
	const char *to;
	const char *name;
	bool is_json;
};

static const struct option_row ROWS[] = {
	OPTION_TEXT(replica_options, data, "data", "FOLDER", "that of a server which is there"),
	{ .name = "to",
	  .argument = "FOLDER",
	  .offset = OPTION_PLACE(replica_options, to, const char *),
	  .help = "where the new one comes to: a folder that is not there yet",
	  .is_needed = true },
	{ .name = "name",
	  .argument = "REPLICA",
	  .offset = OPTION_PLACE(replica_options, name, const char *),
	  .help = "what its log is called, behind the server's name",
	  .is_needed = true },
	OPTION_FLAG(replica_options, is_json, "json", "print what was made as JSON"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.about =
		"Makes the folder of one more server for a database in PostgreSQL.  It has the server's\n"
		"keys and the database's URL: bring it to the other machine as a secret, and serve it\n"
		"there.  Its key for the log is its own: a folder is served by one server.",
	.exits = "0 made, 1 not made, 2 asked wrongly",
};

static const char *const SHARED[] = { DATA_CERTIFICATE, DATA_TLS_KEY, DATA_FRESHNESS_KEY,
				      DATA_DATABASE };

/* The first server has the first log, whether it ran yet or not. */
static int open_own_log(const struct data *from, struct error *error)
{
	SCOPED(signing_key_done) struct signing_key key = { .secret = { 0 } };
	int64_t log;
	int r = data_key(from, DATA_LOG_KEY, &key, error);

	if (r < 0)
		return r;
	r = ledger_open(from->store, &key.verifying, &log);
	return r < 0 ? error_set(error, r, "the log: %s", store_trouble(from->store)) : 0;
}

static int make_log(const struct data *from, const char *name, int folder, struct error *error)
{
	SCOPED(signing_key_done) struct signing_key key = { .secret = { 0 } };
	char key_name[KEY_NAME_MAX];
	int64_t log;
	int n = snprintf(key_name, sizeof(key_name), "%s/log/%s", from->name, name);

	if (n < 0 || (size_t)n >= sizeof(key_name))
		return error_set(error, -ENAMETOOLONG, "the replica's name is too long");
	int r = open_own_log(from, error);
	if (r < 0)
		return r;
	r = data_key_new(folder, DATA_LOG_KEY, key_name, &key, error);
	if (r < 0)
		return r;
	r = ledger_open(from->store, &key.verifying, &log);
	if (r == -EKEYREJECTED)
		return error_set(error, -EEXIST, "there is a log called %s already", key_name);
	return r < 0 ? error_set(error, r, "the log: %s", store_trouble(from->store)) : 0;
}

/* The log is made last: a name is taken once the folder is whole. */
static int fill(const struct data *from, const struct replica_options *options, int folder,
		struct error *error)
{
	int r = 0;

	for (size_t i = 0; i < COUNT_OF(SHARED) && r == 0; i++)
		r = data_copy(from, SHARED[i], folder, error);
	return r < 0 ? r : make_log(from, options->name, folder, error);
}

/* Half a folder is none. */
static void discard(int folder, const char *to)
{
	for (size_t i = 0; i < COUNT_OF(SHARED); i++)
		unlinkat(folder, SHARED[i], 0);
	unlinkat(folder, DATA_LOG_KEY, 0);
	rmdir(to);
}

static int make(const struct data *from, const struct replica_options *options, struct error *error)
{
	SCOPED(close_p) int folder = -1;

	if (!from->database[0])
		return error_set(error, -ENOTSUP,
				 "the database is in %.400s and has one server: several need "
				 "PostgreSQL (init --database)",
				 from->path);
	if (mkdir(options->to, 0700) < 0)
		return error_system(error, -errno, options->to);
	int r = folder_open_private(options->to, &folder);
	if (r < 0)
		return error_system(error, r, options->to);
	r = fill(from, options, folder, error);
	if (r < 0)
		discard(folder, options->to);
	return r;
}

static void show(const struct replica_options *options)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(DATA_FILE_MAX);

	if (options->is_json) {
		json_open(&out, NULL, '{');
		json_text(&out, "written", slice_of(options->to));
		json_close(&out, '}');
		json_end(&out);
	} else {
		buf_printf(
			&out,
			"Made %s, which has the server's keys: bring it to the other machine, and "
			"serve it there.",
			options->to);
	}
	puts(buf_text(&out));
}

int command_replica(int argc, char **argv)
{
	struct replica_options options = { .data = NULL };
	SCOPED(data_close) struct data data = DATA_NONE;
	struct error error = { .text = "" };
	int status;

	if (!options_read(&OPTIONS, argc, argv, &options, &status))
		return status;
	if (!name_is_plain(slice_of(options.name))) {
		error_set(&error, -EINVAL, "'%.64s' is no name: small letters, digits, . - and _",
			  options.name);
		return command_fail(argv[0], &error);
	}
	if (data_open(options.data, &data, &error) < 0 || make(&data, &options, &error) < 0) {
		terminal_error(argv[0], &error);
		return EXIT_FINDINGS;
	}
	show(&options);
	return EXIT_GOOD;
}
