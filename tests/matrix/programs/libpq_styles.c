/* SPDX-License-Identifier: MIT */
/* Uses libpq on the shop in one style of its interface and prints a line per fact. */
#include <libpq-fe.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST "SELECT id, name, email FROM customers ORDER BY id"
#define ONE  "SELECT id, name, email FROM customers WHERE id = $1"

/* Sends a statement, with one integer for its $1 if there is one, and prints all that comes. */
typedef void ask_function(const char *fact, const char *sql, const char *value);

static PGconn *connection;

static void say(const char *fact, const char *value)
{
	printf("%s\t%s\n", fact, value);
}

static void fail(const char *what)
{
	printf("failed\t%s\t%s", what, PQerrorMessage(connection));
	exit(1);
}

static void print_value(const PGresult *result, int row, int column)
{
	const char *value = PQgetvalue(result, row, column);

	if (PQgetisnull(result, row, column)) {
		printf("\tNULL");
	} else if (PQfformat(result, column) == 1 && PQftype(result, column) != 25) {
		printf("\t");
		for (int i = 0; i < PQgetlength(result, row, column); i++)
			printf("%02x", (unsigned char)value[i]);
	} else {
		printf("\t%s", value);
	}
}

static void print_error(const char *fact, const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	printf("%s\t%s\t%s\n", fact, state ? state : "-",
	       text ? text : PQresultErrorMessage(result));
}

static void print_types(const PGresult *result)
{
	printf("types");
	for (int column = 0; column < PQnfields(result); column++)
		printf("\t%u %d", PQftype(result, column), PQftablecol(result, column));
	printf("\n");
}

/* The rows that a result has; of a change, how many rows it touched. */
static void print_result(const char *fact, PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	if (status == PGRES_FATAL_ERROR)
		print_error(fact, result);
	else if (strcmp(fact, "types") == 0 && PQnfields(result) > 0)
		print_types(result);
	else if (strcmp(fact, "write") == 0 && PQcmdTuples(result)[0])
		say(fact, PQcmdTuples(result));
	else if (strcmp(fact, "refused") == 0 && strcmp(PQcmdStatus(result), "DROP TABLE") == 0)
		say(fact, "00000");
	for (int row = 0; row < PQntuples(result); row++) {
		printf("%s", fact);
		for (int column = 0; column < PQnfields(result); column++)
			print_value(result, row, column);
		printf("\n");
	}
	PQclear(result);
}

static void print_results(const char *fact)
{
	PGresult *result;

	while ((result = PQgetResult(connection)))
		print_result(fact, result);
}

/* As programs do that know of no parameters: the value goes into the text. */
static void ask_exec(const char *fact, const char *sql, const char *value)
{
	char *literal = value ? PQescapeLiteral(connection, value, strlen(value)) : NULL;
	const char *place = value ? strstr(sql, "$1") : NULL;
	char text[512];

	if (place)
		snprintf(text, sizeof(text), "%.*s%s%s", (int)(place - sql), sql, literal,
			 place + strlen("$1"));
	print_result(fact, PQexec(connection, place ? text : sql));
	PQfreemem(literal);
}

static void ask_params(const char *fact, const char *sql, const char *value)
{
	print_result(fact,
		     PQexecParams(connection, sql, value ? 1 : 0, NULL, &value, NULL, NULL, 0));
}

static void ask_binary(const char *fact, const char *sql, const char *value)
{
	const Oid types[] = { 23 };
	const int lengths[] = { 4 }, formats[] = { 1 };
	const char number[] = { 0, 0, 0, value ? (char)atoi(value) : 0 };
	const char *values[] = { number };

	print_result(fact, PQexecParams(connection, sql, value ? 1 : 0, types, values, lengths,
					formats, 1));
}

static void ask_prepared(const char *fact, const char *sql, const char *value)
{
	static int serial;
	char name[16];

	snprintf(name, sizeof(name), "s%d", ++serial);
	PGresult *result = PQprepare(connection, name, sql, 0, NULL);

	if (PQresultStatus(result) != PGRES_COMMAND_OK) {
		print_result(fact, result);
		return;
	}
	PQclear(result);
	for (int turn = 0; turn < (value ? 2 : 1); turn++)
		print_result(fact, PQexecPrepared(connection, name, value ? 1 : 0, &value, NULL,
						  NULL, 0));
}

static void ask_single_row(const char *fact, const char *sql, const char *value)
{
	if (!PQsendQueryParams(connection, sql, value ? 1 : 0, NULL, &value, NULL, NULL, 0) ||
	    !PQsetSingleRowMode(connection))
		fail("sending");
	print_results(fact);
}

static void wait_for(short events)
{
	struct pollfd ready = { PQsocket(connection), events, 0 };

	if (poll(&ready, 1, 20000) <= 0)
		fail("waiting");
	if ((ready.revents & POLLIN) && !PQconsumeInput(connection))
		fail("reading");
}

static void flush(void)
{
	int unsent;

	while ((unsent = PQflush(connection)) > 0)
		wait_for(POLLIN | POLLOUT);
	if (unsent < 0)
		fail("flushing");
}

static PGresult *fetch(void)
{
	flush();
	while (PQisBusy(connection))
		wait_for(POLLIN);
	return PQgetResult(connection);
}

static void ask_async(const char *fact, const char *sql, const char *value)
{
	int sent = value ? PQsendQueryParams(connection, sql, 1, NULL, &value, NULL, NULL, 0)
			 : PQsendQuery(connection, sql);
	PGresult *result;

	if (!sent)
		fail("sending");
	while ((result = fetch()))
		print_result(fact, result);
}

/* Another statement is in flight behind it, up to a sync of its own. */
static void ask_pipeline(const char *fact, const char *sql, const char *value)
{
	if (!PQenterPipelineMode(connection) ||
	    !PQsendQueryParams(connection, sql, value ? 1 : 0, NULL, &value, NULL, NULL, 0) ||
	    !PQpipelineSync(connection) ||
	    !PQsendQueryParams(connection, "SELECT", 0, NULL, NULL, NULL, NULL, 0) ||
	    !PQpipelineSync(connection))
		fail("sending");
	for (int syncs = 0; syncs < 2;) {
		PGresult *result = fetch();

		if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
			syncs++;
			PQclear(result);
		} else if (result && syncs == 0) {
			print_result(fact, result);
		} else {
			PQclear(result);
		}
	}
	if (!PQexitPipelineMode(connection))
		fail("leaving");
}

/* Prints what COPY hands out. */
static void copy_out(const char *sql)
{
	PGresult *result = PQexec(connection, sql);
	char *line = NULL;

	if (PQresultStatus(result) != PGRES_COPY_OUT) {
		print_result("copy", result);
		return;
	}
	PQclear(result);
	while (PQgetCopyData(connection, &line, 0) > 0) {
		printf("copy\t%s", line);
		PQfreemem(line);
	}
	print_results("copy");
}

static void copy_in(const char *sql, const char *lines)
{
	PGresult *result = PQexec(connection, sql);

	if (PQresultStatus(result) != PGRES_COPY_IN) {
		print_result("copy", result);
		return;
	}
	PQclear(result);
	if (PQputCopyData(connection, lines, (int)strlen(lines)) != 1 ||
	    PQputCopyEnd(connection, NULL) != 1)
		fail("copying");
	print_results("copy");
}

static void ask_copy(const char *fact, const char *sql, const char *value)
{
	char text[512];

	ask_exec(fact, sql, value);
	if (strcmp(fact, "rows") != 0)
		return;
	snprintf(text, sizeof(text), "COPY (%s) TO STDOUT", sql);
	copy_out(text);
	snprintf(text, sizeof(text), "COPY (%s) TO STDOUT (FORMAT csv, HEADER)", sql);
	copy_out(text);
}

static const struct style {
	const char *name;
	ask_function *ask;
	bool is_nonblocking;
} STYLES[] = {
	{ "exec", ask_exec, false },
	{ "params", ask_params, false },
	{ "binary", ask_binary, false },
	{ "prepared", ask_prepared, false },
	{ "single_row", ask_single_row, false },
	{ "async", ask_async, true },
	{ "pipeline", ask_pipeline, true },
	{ "copy", ask_copy, false },
};

static const struct {
	const char *fact, *sql, *value;
} QUESTIONS[] = {
	{ "rows", "SELECT id, name, email, salary FROM customers ORDER BY id", NULL },
	{ "rows", "SELECT customer, item, amount FROM orders ORDER BY id", NULL },
	{ "types", "SELECT id, name, email FROM customers WHERE id = 1", NULL },
	{ "parameter", ONE, "2" },
	{ "prepared", "PREPARE one (int) AS " ONE, NULL },
	{ "prepared", "EXECUTE one (1)", NULL },
	{ "prepared", "EXECUTE one (2)", NULL },
	{ "cursor", "BEGIN", NULL },
	{ "cursor", "DECLARE c CURSOR FOR " LIST, NULL },
	{ "cursor", "FETCH 2 FROM c", NULL },
	{ "cursor", "FETCH 2 FROM c", NULL },
	{ "cursor", "ROLLBACK", NULL },
	{ "error", "SELECT 1/0", NULL },
	{ "error", "SELECT * FROM missing", NULL },
	{ "write", "BEGIN", NULL },
	{ "write", "INSERT INTO orders VALUES (9, 2, 'stool', 7.25)", NULL },
	{ "write", "UPDATE orders SET amount = amount + 1 WHERE customer = 1", NULL },
	{ "write", "DELETE FROM orders WHERE id = 9", NULL },
	{ "write", "ROLLBACK", NULL },
	{ "refused", "BEGIN", NULL },
	{ "refused", "DROP TABLE plain", NULL },
	{ "refused", "ROLLBACK", NULL },
	{ "rows", "SELECT count(*) FROM plain", NULL },
};

static void ask_all(ask_function *ask)
{
	for (size_t i = 0; i < sizeof(QUESTIONS) / sizeof(QUESTIONS[0]); i++)
		ask(QUESTIONS[i].fact, QUESTIONS[i].sql, QUESTIONS[i].value);
}

static void try_copying_in(void)
{
	ask_exec("copy", "CREATE TEMP TABLE heap (a int, b text)", NULL);
	copy_in("COPY heap FROM STDIN", "1\tone\n2\t\\N\n");
	ask_exec("copy", "SELECT a, b FROM heap ORDER BY a", NULL);
}

static void try_notifying(ask_function *ask)
{
	PGnotify *notice;

	ask("notify", "LISTEN wire", NULL);
	ask("notify", "NOTIFY wire, 'hello'", NULL);
	if (!PQconsumeInput(connection))
		fail("reading");
	while ((notice = PQnotifies(connection))) {
		printf("notify\t%s\t%s\n", notice->relname, notice->extra);
		PQfreemem(notice);
	}
}

static void connect_slowly(void)
{
	PostgresPollingStatusType state = PGRES_POLLING_WRITING;

	connection = PQconnectStart("");
	while (state != PGRES_POLLING_OK && state != PGRES_POLLING_FAILED) {
		struct pollfd ready = { PQsocket(connection),
					state == PGRES_POLLING_READING ? POLLIN : POLLOUT, 0 };

		if (poll(&ready, 1, 20000) <= 0)
			fail("connecting");
		state = PQconnectPoll(connection);
	}
}

int main(int argc, char **argv)
{
	const struct style *style = NULL;

	for (size_t i = 0; argc > 1 && i < sizeof(STYLES) / sizeof(STYLES[0]); i++) {
		if (strcmp(argv[1], STYLES[i].name) == 0)
			style = &STYLES[i];
	}
	if (!style) {
		fprintf(stderr, "usage: libpq_styles STYLE\n");
		return 2;
	}
	if (style->is_nonblocking)
		connect_slowly();
	else
		connection = PQconnectdb("");
	if (PQstatus(connection) != CONNECTION_OK ||
	    PQsetnonblocking(connection, style->is_nonblocking) != 0)
		fail("connecting");
	ask_all(style->ask);
	try_notifying(style->ask);
	if (style->ask == ask_copy)
		try_copying_in();
	PQfinish(connection);
	return 0;
}
