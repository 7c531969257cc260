/* SPDX-License-Identifier: MIT */
/* The store in PostgreSQL and what speaks its protocol, one connection each, which is made anew when it
 * was lost.  Transactions are serializable; statements between them see what is committed. */
#include <errno.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/server/store/postgresql_value.h"
#include "tools/server/store/statements.h"
#include "tools/server/store/store_engine.h"

#define QUEUE_MAX      256u /* statements whose results fit into what a connection buffers */
#define TROUBLE_MAX    300u
#define NAME_MAX_BYTES 16u
#define CHANNEL        "chaperone"

struct postgresql_store {
	struct store store;
	char *url;
	PGconn *connection;
	struct statements statements; /* prepared under names of their places */
	size_t queued;
	int *changes[QUEUE_MAX]; /* where those of each go */
	bool is_listening;
	bool is_undone; /* the transaction, with the connection in which it was */
	bool is_ended;  /* by the server */
	char trouble[TROUBLE_MAX];
};

static struct postgresql_store *own(struct store *store)
{
	return (struct postgresql_store *)store;
}

/* What a session must be like, whatever its role or database are set to.  Tables are looked up by keys:
 * a plan that was made while one was small would read all of it later, and a serializable transaction
 * that reads all of a table is in everybody's way.  What is acknowledged has to be there after a crash. */
static const char SET_UP[] =
	"SET client_min_messages = warning; SET default_transaction_isolation = 'read committed';"
	"SET statement_timeout = '60s'; SET lock_timeout = '20s';"
	"SET idle_in_transaction_session_timeout = '60s'; SET enable_seqscan = off; SET jit = off;"
	"SELECT set_config('synchronous_commit', 'on', false)"
	" WHERE current_setting('synchronous_commit') = 'off'";

static const char BEGIN[] = "BEGIN ISOLATION LEVEL SERIALIZABLE";

/* Keeps the first line. */
static int say(struct postgresql_store *postgresql, int result, const char *text)
{
	struct slice rest = slice_of(text ? text : "no answer"), line = slice_cut(&rest, '\n');

	snprintf(postgresql->trouble, sizeof(postgresql->trouble), "%.*s", SLICE_ARGUMENTS(line));
	return result;
}

static int say_result(struct postgresql_store *postgresql, const PGresult *result)
{
	const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	if (PQstatus(postgresql->connection) == CONNECTION_BAD)
		return say(postgresql, -ENOTCONN, PQerrorMessage(postgresql->connection));
	return say(postgresql, postgresql_errno(PQresultErrorField(result, PG_DIAG_SQLSTATE)),
		   text ? text : PQerrorMessage(postgresql->connection));
}

static int run_text(struct postgresql_store *postgresql, const char *text)
{
	PGresult *result = PQexec(postgresql->connection, text);
	int r = postgresql_is_good(result) ? 0 : say_result(postgresql, result);

	PQclear(result);
	return r;
}

/* ---- what is prepared ---- */

static void name_statement(size_t number, char ret_name[NAME_MAX_BYTES])
{
	snprintf(ret_name, NAME_MAX_BYTES, "s%u", (unsigned int)number);
}

static int prepare_at(struct postgresql_store *postgresql, size_t place, const char *sql,
		      struct store_values values)
{
	Oid types[STORE_VALUES_MAX];
	char name[NAME_MAX_BYTES];

	name_statement(place, name);
	for (size_t i = 0; i < values.count; i++)
		types[i] = postgresql_type(values.at[i].kind);
	PGresult *result = PQprepare(postgresql->connection, name, sql, (int)values.count, types);
	int r = postgresql_is_good(result) ? 0 : say_result(postgresql, result);
	PQclear(result);
	if (r == 0)
		statements_put(&postgresql->statements, place, sql);
	return r;
}

static int prepare_first(struct postgresql_store *postgresql)
{
	const char *const FIRST[STATEMENTS_KEPT] = { BEGIN, STORE_COMMIT, STORE_ROLLBACK };
	int r = 0;

	for (size_t i = 0; i < STATEMENTS_KEPT && r == 0; i++)
		r = prepare_at(postgresql, i, FIRST[i], STORE_NO_VALUES);
	return r;
}

static int make_room(struct postgresql_store *postgresql, size_t place)
{
	char text[NAME_MAX_BYTES + sizeof("DEALLOCATE ")], name[NAME_MAX_BYTES];

	if (!postgresql->statements.sql[place])
		return 0;
	name_statement(place, name);
	snprintf(text, sizeof(text), "DEALLOCATE %s", name);
	int r = run_text(postgresql, text);
	if (r == 0)
		statements_put(&postgresql->statements, place, NULL);
	return r;
}

/* ---- the connection ---- */

/* What a server says of itself is of interest when it is the last. */
static void take_notice(void *context, const PGresult *result)
{
	const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
	struct postgresql_store *postgresql = context;

	if (severity && strcmp(severity, "FATAL") == 0)
		postgresql->is_ended = true;
}

/* The URL's own words come last and count.  Nobody tries again at once where nobody answers. */
static int open_connection(struct postgresql_store *postgresql)
{
	static const char *const WORDS[] = { "connect_timeout",           "tcp_user_timeout",
					     "fallback_application_name", "dbname",
					     "client_encoding",           NULL };
	const char *const values[] = { "10",   "30000", "chaperone-server", postgresql->url,
				       "UTF8", NULL };

	PQfinish(postgresql->connection);
	postgresql->statements = (struct statements){ .uses = 0 };
	postgresql->queued = 0;
	postgresql->is_ended = false;
	postgresql->is_listening = false;
	postgresql->connection = PQconnectdbParams(WORDS, values, 1);
	if (PQstatus(postgresql->connection) != CONNECTION_OK)
		return say(postgresql, -ECONNREFUSED, PQerrorMessage(postgresql->connection));
	PQsetNoticeReceiver(postgresql->connection, take_notice, postgresql);
	int r = run_text(postgresql, SET_UP);
	if (r == 0)
		r = prepare_first(postgresql);
	if (r < 0) { /* as it is, it would be taken for one that is ready */
		PQfinish(postgresql->connection);
		postgresql->connection = NULL;
	}
	return r;
}

/* A connection for the next statement; none within a transaction that another one took with it. */
static int make_ready(struct postgresql_store *postgresql)
{
	PGconn *connection = postgresql->connection;

	if (postgresql->is_undone)
		return -ENOTCONN;
	if (PQtransactionStatus(connection) == PQTRANS_IDLE)
		postgresql_look(connection);
	return PQstatus(connection) == CONNECTION_OK && !postgresql->is_ended
		       ? 0
		       : open_connection(postgresql);
}

/* ---- statements ---- */

static int flush_queue(struct postgresql_store *postgresql);

static int prepare(struct postgresql_store *postgresql, const char *sql, struct store_values values,
		   char ret_name[NAME_MAX_BYTES])
{
	size_t place;
	int r = 0;

	if (!statements_find(&postgresql->statements, sql, &place)) {
		r = flush_queue(postgresql);
		if (r == 0)
			r = make_room(postgresql, place);
		if (r == 0)
			r = prepare_at(postgresql, place, sql, values);
	}
	name_statement(place, ret_name);
	return r;
}

static int show_rows(struct postgresql_store *postgresql, const PGresult *result, store_row_fn row,
		     void *context)
{
	struct store_value columns[STORE_VALUES_MAX];
	int count = PQnfields(result), r = 0;

	if (count > (int)STORE_VALUES_MAX)
		return -E2BIG;
	for (int line = 0; row && line < PQntuples(result) && r >= 0; line++) {
		for (int i = 0; i < count && r >= 0; i++)
			r = postgresql_column(result, line, i, &columns[i]);
		if (r < 0)
			return say(postgresql, r, "a column has a type that the store has not");
		r = row(context, columns, (size_t)count);
	}
	return r < 0 ? r : 0;
}

static bool is_text(const char *sql, const char *text)
{
	return strcmp(sql, text) == 0;
}

/* How many rows a statement changed.  The end of a transaction that had failed undoes it, and says so. */
static int count_changes(struct postgresql_store *postgresql, PGresult *result, const char *sql)
{
	if (is_text(sql, "COMMIT") && !is_text(PQcmdStatus(result), "COMMIT"))
		return say(postgresql, -EIO, "the transaction had failed");
	return PQresultStatus(result) == PGRES_TUPLES_OK ? 0 : atoi(PQcmdTuples(result));
}

static PGresult *execute(struct postgresql_store *postgresql, const char *name,
			 struct store_values values)
{
	struct postgresql_values packed;

	postgresql_pack(values, &packed);
	return PQexecPrepared(postgresql->connection, name, packed.count, packed.at, packed.lengths,
			      packed.formats, 1);
}

static int run_prepared(struct postgresql_store *postgresql, const char *sql,
			struct store_values values, store_row_fn row, void *context)
{
	char name[NAME_MAX_BYTES];
	int r = prepare(postgresql, sql, values, name);

	if (r < 0)
		return r;
	PGresult *result = execute(postgresql, name, values);
	r = postgresql_is_good(result) ? show_rows(postgresql, result, row, context)
				       : say_result(postgresql, result);
	if (r == 0)
		r = count_changes(postgresql, result, sql);
	PQclear(result);
	return r;
}

/* Runs what a statement is made of; where the connection is lost, a transaction in it is undone. */
static int run_ready(struct postgresql_store *postgresql, const char *sql,
		     struct store_values values, store_row_fn row, void *context)
{
	bool is_within = postgresql->queued > 0 ||
			 PQtransactionStatus(postgresql->connection) != PQTRANS_IDLE;
	if (is_text(sql, "ROLLBACK")) /* who asked how many may be gone */
		memset(postgresql->changes, 0, sizeof(postgresql->changes));
	int r = flush_queue(postgresql);

	if (r == 0 || (r != -ENOTCONN && is_text(sql, "ROLLBACK")))
		r = run_prepared(postgresql, sql, values, row, context);
	if (r == -ENOTCONN)
		postgresql->is_undone = is_within;
	return r;
}

static int postgresql_run(struct store *store, const char *sql, struct store_values values,
			  store_row_fn row, void *context)
{
	struct postgresql_store *postgresql = own(store);
	int r = values.count > STORE_VALUES_MAX ? -E2BIG : make_ready(postgresql);

	if (r == 0)
		r = run_ready(postgresql, sql, values, row, context);
	if (is_text(sql, "ROLLBACK") || is_text(sql, "COMMIT"))
		postgresql->is_undone = false;
	return r;
}

/* ---- statements whose results come later ---- */

/* The result of a queued statement, behind which comes a NULL. */
static int take_result(struct postgresql_store *postgresql, int *ret_changes)
{
	PGresult *result = PQgetResult(postgresql->connection);
	bool is_told = result && PQresultStatus(result) != PGRES_PIPELINE_ABORTED;
	int r = is_told && !postgresql_is_good(result) ? say_result(postgresql, result) : 0;

	if (!result)
		return say(postgresql, -ENOTCONN, PQerrorMessage(postgresql->connection));
	if (ret_changes)
		*ret_changes = atoi(PQcmdTuples(result));
	PQclear(result);
	while ((result = PQgetResult(postgresql->connection)))
		PQclear(result);
	return r;
}

/* The first error is that of all: what follows it was not run. */
static int flush_queue(struct postgresql_store *postgresql)
{
	int r = 0;

	if (postgresql->queued == 0)
		return 0;
	if (!PQpipelineSync(postgresql->connection))
		r = say(postgresql, -ENOTCONN, PQerrorMessage(postgresql->connection));
	for (size_t i = 0; i < postgresql->queued && r != -ENOTCONN; i++) {
		int told = take_result(postgresql, postgresql->changes[i]);

		r = r == 0 || told == -ENOTCONN ? told : r;
	}
	postgresql->queued = 0;
	PQclear(PQgetResult(postgresql->connection)); /* of the synchronisation */
	if (!PQexitPipelineMode(postgresql->connection) && r == 0)
		r = say(postgresql, -ENOTCONN, PQerrorMessage(postgresql->connection));
	return r;
}

static int send_queued(struct postgresql_store *postgresql, const char *name,
		       struct store_values values, int *ret_changes)
{
	struct postgresql_values packed;

	if (postgresql->queued == 0 && !PQenterPipelineMode(postgresql->connection))
		return say(postgresql, -EIO, PQerrorMessage(postgresql->connection));
	postgresql_pack(values, &packed);
	postgresql->changes[postgresql->queued++] = ret_changes;
	if (!PQsendQueryPrepared(postgresql->connection, name, packed.count, packed.at,
				 packed.lengths, packed.formats, 1))
		return say(postgresql, -ENOTCONN, PQerrorMessage(postgresql->connection));
	return postgresql->queued == QUEUE_MAX ? flush_queue(postgresql) : 0;
}

/* Outside a transaction there is nothing that a later failure could undo. */
static int postgresql_queue(struct store *store, const char *sql, struct store_values values,
			    int *ret_changes)
{
	struct postgresql_store *postgresql = own(store);
	bool is_within = postgresql->queued > 0 ||
			 PQtransactionStatus(postgresql->connection) == PQTRANS_INTRANS;
	char name[NAME_MAX_BYTES];

	if (!is_within || values.count > STORE_VALUES_MAX || postgresql->is_undone) {
		int r = postgresql_run(store, sql, values, NULL, NULL);

		if (ret_changes && r >= 0)
			*ret_changes = r;
		return r;
	}
	int r = prepare(postgresql, sql, values, name);
	if (r == 0)
		r = send_queued(postgresql, name, values, ret_changes);
	if (r == -ENOTCONN)
		postgresql->is_undone = true;
	return r;
}

static int postgresql_settle(struct store *store)
{
	struct postgresql_store *postgresql = own(store);
	int r = flush_queue(postgresql);

	if (r == -ENOTCONN)
		postgresql->is_undone = true;
	return r;
}

/* ---- the rest ---- */

/* Building an index takes as long as it takes. */
static int postgresql_run_script(struct store *store, const char *script)
{
	struct postgresql_store *postgresql = own(store);
	int r = make_ready(postgresql);

	if (r == 0)
		r = flush_queue(postgresql);
	if (r == 0)
		r = run_text(postgresql, "SET LOCAL statement_timeout = 0");
	return r < 0 ? r : run_text(postgresql, script);
}

static int take_setting(void *context, const struct store_value *columns, size_t count)
{
	(void)count;
	return error_set(context, -EUCLEAN, "the database's %.*s is off: a crash can damage it",
			 SLICE_ARGUMENTS(columns[0].bytes));
}

/* How it keeps its pages is its own affair; that it does is not. */
static int postgresql_check(struct store *store, struct error *error)
{
	int r = store_run(store,
			  "SELECT name FROM pg_catalog.pg_settings"
			  " WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off'",
			  STORE_NO_VALUES, take_setting, error);

	if (r == 0 || r == -EUCLEAN)
		return r;
	return error_set(error, -EUCLEAN, "the database cannot be read: %s", store_trouble(store));
}

static int postgresql_copy(struct store *store, const char *path, struct error *error)
{
	(void)store;
	(void)path;
	return error_set(
		error, -ENOTSUP,
		"the database is PostgreSQL's: copy it with pg_dump, and this folder as it is");
}

static int postgresql_tell(struct store *store)
{
	int r = make_ready(own(store));

	return r < 0 ? r : run_text(own(store), "NOTIFY " CHANNEL);
}

static int begin_to_listen(struct postgresql_store *postgresql)
{
	if (postgresql->is_listening)
		return 0;
	int r = run_text(postgresql, "LISTEN " CHANNEL);
	postgresql->is_listening = r == 0;
	return r == 0 || r == -ENOTCONN ? r : -ENOTSUP;
}

static int postgresql_listen(struct store *store, int end_fd)
{
	struct postgresql_store *postgresql = own(store);
	int r = make_ready(postgresql);

	if (r == 0)
		r = begin_to_listen(postgresql);
	if (r == 0)
		r = postgresql_wait(postgresql->connection, end_fd);
	if (r == -ENOTCONN)
		say(postgresql, r, PQerrorMessage(postgresql->connection));
	return r;
}

static const char *postgresql_trouble(const struct store *store)
{
	return ((const struct postgresql_store *)store)->trouble;
}

static void postgresql_close(struct store *store)
{
	struct postgresql_store *postgresql = own(store);

	PQfinish(postgresql->connection);
	free(postgresql->url);
	free(postgresql);
}

static const struct store_engine POSTGRESQL = {
	.close = postgresql_close,
	.run = postgresql_run,
	.queue = postgresql_queue,
	.settle = postgresql_settle,
	.run_script = postgresql_run_script,
	.check = postgresql_check,
	.copy = postgresql_copy,
	.tell = postgresql_tell,
	.listen = postgresql_listen,
	.trouble = postgresql_trouble,
	.begin = BEGIN,
};

int store_open_postgresql(const char *url, struct store **ret_store, struct error *error)
{
	SCOPED(store_closep) struct store *store = NULL;
	int r = postgresql_check_url(url, error);

	if (r < 0)
		return r;
	struct postgresql_store *postgresql = calloc(1, sizeof(*postgresql));
	if (!postgresql)
		return error_system(error, -ENOMEM, "the database");
	store = &postgresql->store;
	store->engine = &POSTGRESQL;
	postgresql->url = strdup(url);
	r = postgresql->url ? open_connection(postgresql) : -ENOMEM;
	if (r < 0)
		return error_set(error, r, "the database: %s", postgresql->trouble);
	*ret_store = steal(store);
	return 0;
}
