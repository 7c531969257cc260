/* SPDX-License-Identifier: MIT */
/* `chaperone-server move`: from the folder's SQLite to a database in PostgreSQL, which several servers can
 * share. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "tools/command/command.h"
#include "tools/command/options.h"
#include "tools/command/terminal.h"
#include "tools/server/commands/commands.h"
#include "tools/server/commands/move_check.h"
#include "tools/server/http/pulse.h"
#include "tools/server/commands/change.h"
#include "tools/server/store/data.h"
#include "tools/server/store/schema.h"
#include "tools/server/store/tables.h"

#define STOPPED_NS (2 * PULSE_EVERY_NS + SECOND_NS) /* who is silent for so long does not serve */
#define LOOK_NS    (500 * MILLISECOND_NS)
#define TELL_NS    (5 * SECOND_NS)
#define MOVED      DATA_STORE ".moved"
#define NAME       "name" /* the setting by which a database is a server's */

struct move_options {
	const char *data;
	const char *to;
};

static const struct option_row ROWS[] = {
	OPTION_TEXT(move_options, data, "data", "FOLDER", "the folder that init made"),
	{ .name = "to",
	  .argument = "URL",
	  .offset = OPTION_PLACE(move_options, to, const char *),
	  .help = "an empty database: postgresql://USER@HOST/DATABASE",
	  .is_needed = true },
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.about =
		"Brings everything from the folder's SQLite to a database in PostgreSQL, checks that it is\n"
		"all there, and serves that from then on.  The server is stopped meanwhile; where this\n"
		"fails, it goes on with what it had.  The old database stays in the folder as\n"
		"" MOVED ": it has all that the server knows, until you delete it.",
	.exits = "0 moved, 1 not moved, 2 asked wrongly",
};

struct moving {
	struct data *data;
	struct store *to;
	struct tables_copy copy;
	uint64_t counts[TABLES_MAX]; /* rows to be moved */
	uint64_t told_ns;
	struct error *error;
	int result;
};

/* ---- before ---- */

static int last_beat(struct store *store, int64_t *ret_beat)
{
	*ret_beat = 0;
	return store_run(store, "SELECT max(beat) FROM pulse", STORE_NO_VALUES, store_take_number,
			 ret_beat);
}

/* One that was stopped just now has written just now: only whether it writes again tells. */
static int wait_until_stopped(struct store *store, struct error *error)
{
	const struct timespec pause = { 0, (long)LOOK_NS };
	int64_t first, beat;
	int r = last_beat(store, &first);

	beat = first;
	while (r == 0 && beat == first && (uint64_t)first + STOPPED_NS > realtime_ns()) {
		nanosleep(&pause, NULL);
		r = last_beat(store, &beat);
	}
	if (r < 0)
		return error_set(error, r, "%s", store_reason(store, r));
	return beat == first
		       ? 0
		       : error_set(error, -EBUSY, "a server serves this folder: stop it first");
}

static int open_empty(const char *url, struct store **ret_store, struct error *error)
{
	SCOPED(store_closep) struct store *store = NULL;
	int64_t tables = 0;
	int r = store_open_postgresql(url, &store, error);

	if (r < 0)
		return r;
	r = store_run(store,
		      "SELECT count(*) FROM information_schema.tables"
		      " WHERE table_schema NOT IN ('pg_catalog', 'information_schema')",
		      STORE_NO_VALUES, store_take_number, &tables);
	if (r < 0)
		return error_set(error, r, "the database: %s", store_reason(store, r));
	if (tables > 0)
		return error_set(
			error, -EEXIST,
			"the database is not empty: a move needs one of its own.  What a move "
			"that did not end has left goes with the database (dropdb, createdb)");
	r = schema_raise(store, error);
	if (r == 0)
		*ret_store = steal(store);
	return r;
}

/* ---- the rows ---- */

static void tell(void *context, const struct table *table, uint64_t rows)
{
	struct moving *moving = context;

	if (monotonic_ns() < moving->told_ns + TELL_NS)
		return;
	moving->told_ns = monotonic_ns();
	fprintf(stderr, "%s: %" PRIu64 " of %" PRIu64 " rows\n", table->name, rows,
		moving->counts[table - TABLES]);
}

static int fail(struct moving *moving, const struct table *table, int r)
{
	const char *there = store_trouble(moving->to);

	return error_set(moving->error, r, "%s: %s", table->name,
			 there[0] ? there : store_reason(moving->data->store, r));
}

static int count_all(struct moving *moving)
{
	int r = 0;

	for (size_t i = 0; r == 0 && TABLES[i].name; i++) {
		r = table_count(moving->data->store, &TABLES[i], &moving->counts[i]);
		if (r < 0)
			return fail(moving, &TABLES[i], r);
	}
	return r;
}

/* The server's name comes last: what has none is no server's, and nobody takes half of one for it. */
static const char *left_out(const struct table *table)
{
	return table == TABLES ? NAME : NULL;
}

static int copy_all(struct moving *moving)
{
	for (size_t i = 0; TABLES[i].name; i++) {
		uint64_t rows, there;
		int r = table_copy(&moving->copy, &TABLES[i], left_out(&TABLES[i]), &rows);

		if (r == 0)
			r = table_count(moving->to, &TABLES[i], &there);
		if (r < 0)
			return fail(moving, &TABLES[i], r);
		if (left_out(&TABLES[i]))
			there++;
		if (there != moving->counts[i])
			return error_set(moving->error, -EUCLEAN,
					 "%s: %" PRIu64 " rows came of %" PRIu64, TABLES[i].name,
					 there, moving->counts[i]);
	}
	return 0;
}

static int add_name(struct store *store, void *context)
{
	const struct moving *moving = context;
	struct slice name = slice_of(moving->data->name);
	int r = store_do(store, "INSERT INTO setting (name, value) VALUES ($1, $2)",
			 STORE_VALUES(store_text(SLICE(NAME)), store_text(name)));

	return r < 0 ? r : change_note(store, AUDIT_MOVE, moving->data->name, SLICE(""));
}

static int move_all(struct moving *moving)
{
	int r = count_all(moving);

	if (r == 0)
		r = copy_all(moving);
	if (r == 0)
		r = move_check_logs(moving->data->store, moving->to, moving->error);
	if (r < 0)
		return r;
	r = store_transact(moving->to, add_name, moving);
	return r < 0 ? fail(moving, TABLES, r) : 0;
}

/* A transaction of the folder's database in which nothing is changed: nobody else changes it either. */
static int hold_and_move(struct store *store, void *context)
{
	struct moving *moving = context;

	(void)store;
	moving->result = move_all(moving);
	return 0;
}

/* ---- behind ---- */

/* From the first of these on the other database is the server's. */
static int change_over(struct data *data, const char *url, struct error *error)
{
	int r = data_write(data, DATA_DATABASE, slice_of(url), error);

	if (r < 0)
		return r;
	store_close(data->store); /* what SQLite keeps beside its file goes into that */
	data->store = NULL;
	return renameat(data->folder, DATA_STORE, data->folder, MOVED) < 0
		       ? error_system(error, -errno, DATA_STORE)
		       : 0;
}

static uint64_t count_rows(const struct moving *moving)
{
	uint64_t rows = 0;

	for (size_t i = 0; TABLES[i].name; i++)
		rows += moving->counts[i];
	return rows;
}

static int move(struct data *data, const char *url, struct error *error)
{
	SCOPED(store_closep) struct store *to = NULL;

	if (data->database[0])
		return error_set(error, -EEXIST, "%.400s has its database in PostgreSQL already",
				 data->path);
	int r = wait_until_stopped(data->store, error);
	if (r == 0)
		r = open_empty(url, &to, error);
	if (r < 0)
		return r;
	struct moving moving = { .data = data, .to = to, .error = error };
	moving.copy = (struct tables_copy){
		.from = data->store, .to = to, .progress = tell, .context = &moving
	};
	r = store_transact(data->store, hold_and_move, &moving);
	if (r < 0)
		error_set(error, r, "%s", store_reason(data->store, r));
	if (r == 0)
		r = moving.result;
	if (r == 0)
		r = change_over(data, url, error);
	store_close(steal(to)); /* before its statements go */
	tables_copy_done(&moving.copy);
	if (r == 0)
		printf("Moved %" PRIu64 " rows, and checked them: %s is served from there now.\n",
		       count_rows(&moving), data->name);
	return r;
}

int command_move(int argc, char **argv)
{
	struct move_options options = { .data = NULL };
	SCOPED(data_close) struct data data = DATA_NONE;
	struct error error = { .text = "" };
	int status;

	if (!options_read(&OPTIONS, argc, argv, &options, &status))
		return status;
	if (data_open(options.data, &data, &error) < 0 || move(&data, options.to, &error) < 0) {
		terminal_error(argv[0], &error);
		return EXIT_FINDINGS;
	}
	return EXIT_GOOD;
}
