/* SPDX-License-Identifier: MIT */
/* Calls what libpq 16 to 18 have and libpq 15 lacks, where it is there (PostgreSQL 18 manual,
 * chapter 32). */
#include <libpq-fe.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

typedef struct pg_cancel_conn cancel_connection;
typedef int (*auth_hook)(int type, PGconn *conn, void *data);

extern PGresult *PQclosePrepared(PGconn *conn, const char *stmt) __attribute__((weak));
extern PGresult *PQclosePortal(PGconn *conn, const char *portal) __attribute__((weak));
extern int PQsendClosePrepared(PGconn *conn, const char *stmt) __attribute__((weak));
extern int PQsendClosePortal(PGconn *conn, const char *portal) __attribute__((weak));
extern PGresult *PQchangePassword(PGconn *conn, const char *user, const char *passwd)
	__attribute__((weak));
extern int PQsendPipelineSync(PGconn *conn) __attribute__((weak));
extern int PQsetChunkedRowsMode(PGconn *conn, int chunkSize) __attribute__((weak));
extern cancel_connection *PQcancelCreate(PGconn *conn) __attribute__((weak));
extern int PQcancelBlocking(cancel_connection *cancel) __attribute__((weak));
extern int PQcancelStart(cancel_connection *cancel) __attribute__((weak));
extern PostgresPollingStatusType PQcancelPoll(cancel_connection *cancel) __attribute__((weak));
extern ConnStatusType PQcancelStatus(const cancel_connection *cancel) __attribute__((weak));
extern int PQcancelSocket(const cancel_connection *cancel) __attribute__((weak));
extern char *PQcancelErrorMessage(const cancel_connection *cancel) __attribute__((weak));
extern void PQcancelReset(cancel_connection *cancel) __attribute__((weak));
extern void PQcancelFinish(cancel_connection *cancel) __attribute__((weak));
extern int PQsocketPoll(int sock, int forRead, int forWrite, int64_t end_time)
	__attribute__((weak));
extern int64_t PQgetCurrentTimeUSec(void) __attribute__((weak));
extern int PQconnectionUsedGSSAPI(const PGconn *conn) __attribute__((weak));
extern int PQfullProtocolVersion(const PGconn *conn) __attribute__((weak));
extern void PQsetAuthDataHook(auth_hook hook) __attribute__((weak));
extern auth_hook PQgetAuthDataHook(void) __attribute__((weak));
extern int PQdefaultAuthDataHook(int type, PGconn *conn, void *data) __attribute__((weak));

static PGconn *connection;

static void print_result(PGresult *result)
{
	const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;

	printf("%s %s\n", result ? PQresStatus(PQresultStatus(result)) : "none",
	       state ? state : "");
	for (int row = 0; row < PQntuples(result); row++) {
		for (int column = 0; column < PQnfields(result); column++)
			printf(" %s", PQgetvalue(result, row, column));
		printf("\n");
	}
	PQclear(result);
}

static void print_results(int nulls)
{
	while (nulls > 0) {
		PGresult *result = PQgetResult(connection);

		if (result)
			print_result(result);
		else
			nulls--;
	}
}

static void execute(const char *name)
{
	print_result(PQexecPrepared(connection, name, 0, NULL, NULL, NULL, 0));
}

static void prepare(const char *name, const char *sql)
{
	print_result(PQprepare(connection, name, sql, 0, NULL));
}

static void close_names(void)
{
	printf("-- names\n");
	prepare("p", "SELECT upper(email) FROM customers WHERE id = 1");
	print_result(PQclosePrepared(connection, "p"));
	prepare("p", "SELECT upper(note) FROM plain WHERE id = 1");
	execute("p");
	PQenterPipelineMode(connection);
	PQsendClosePrepared(connection, "p");
	PQsendPrepare(connection, "p", "SELECT upper(email) FROM customers WHERE id = 1", 0, NULL);
	PQsendPipelineSync(connection);
	PQsendQueryPrepared(connection, "p", 0, NULL, NULL, NULL, 0);
	PQpipelineSync(connection);
	print_results(4);
	printf("left %d\n", PQexitPipelineMode(connection));
	execute("p");
	print_result(PQclosePrepared(connection, "none"));
}

static void close_cursors(void)
{
	printf("-- cursors\n");
	print_result(PQexec(connection, "BEGIN"));
	print_result(PQexec(connection, "DECLARE c CURSOR FOR SELECT upper(email) FROM customers"));
	print_result(PQclosePortal(connection, "c"));
	print_result(PQexec(connection, "DECLARE c CURSOR FOR SELECT upper(note) FROM plain"));
	print_result(PQexec(connection, "FETCH 1 FROM c"));
	printf("sent %d\n", PQsendClosePortal(connection, "c"));
	print_results(1);
	print_result(PQexec(connection, "ROLLBACK"));
}

static void read_chunks(void)
{
	printf("-- chunks\n");
	PQsendQuery(
		connection,
		"SELECT id, email FROM customers ORDER BY id; SELECT id, upper(email) FROM customers");
	printf("chunked %d\n", PQsetChunkedRowsMode(connection, 2));
	print_results(1);
}

/* The second one fails behind its second chunk; the third's values are binary. */
static void read_chunks_in_a_pipeline(void)
{
	static const char *const TEXTS[] = {
		"SELECT email FROM customers ORDER BY id",
		"SELECT id, 10 / (6 - id), note FROM plain WHERE id < 9",
		"SELECT upper(email) FROM customers ORDER BY id",
	};

	printf("-- chunks in a pipeline\n");
	PQenterPipelineMode(connection);
	for (unsigned i = 0; i < sizeof(TEXTS) / sizeof(*TEXTS); i++) {
		PQsendQueryParams(connection, TEXTS[i], 0, NULL, NULL, NULL, NULL, i == 2);
		PQpipelineSync(connection);
	}
	for (unsigned i = 0; i < sizeof(TEXTS) / sizeof(*TEXTS); i++) {
		PGresult *result = PQgetResult(connection);

		printf("chunked too late %d\n", PQsetChunkedRowsMode(connection, 2));
		print_result(result);
		print_results(1);
		print_result(PQgetResult(connection));
		printf("chunked %d\n", PQsetChunkedRowsMode(connection, 2));
	}
	printf("left %d\n", PQexitPipelineMode(connection));
}

static void count_long(void)
{
	PQsendQuery(connection, "SELECT count(*) FROM plain a, plain b, plain c, plain d");
	usleep(200 * 1000); /* one that comes before it is for nothing */
}

static void poll_until_cancelled(cancel_connection *cancel)
{
	PostgresPollingStatusType state = PGRES_POLLING_WRITING;

	while (state == PGRES_POLLING_READING || state == PGRES_POLLING_WRITING) {
		PQsocketPoll(PQcancelSocket(cancel), state == PGRES_POLLING_READING,
			     state == PGRES_POLLING_WRITING,
			     PQgetCurrentTimeUSec() + 10 * 1000 * 1000);
		state = PQcancelPoll(cancel);
	}
	printf("polled %d\n", state);
}

static void cancel_calls(void)
{
	cancel_connection *cancel = PQcancelCreate(connection);

	printf("-- cancelling\n");
	count_long();
	printf("%d", PQcancelBlocking(cancel));
	printf(" %d %d\n", PQcancelStatus(cancel), PQcancelSocket(cancel));
	print_results(1);
	PQcancelReset(cancel);
	count_long();
	printf("%d\n", PQcancelStart(cancel));
	poll_until_cancelled(cancel);
	print_results(1);
	printf("%d again: %s", PQcancelStart(cancel), PQcancelErrorMessage(cancel));
	PQcancelFinish(cancel);
	cancel = PQcancelCreate(NULL);
	printf("%d %s", PQcancelBlocking(cancel), PQcancelErrorMessage(cancel));
	PQcancelFinish(cancel);
}

static void ask_the_rest(void)
{
	printf("-- the rest\n%d\n", PQconnectionUsedGSSAPI(connection));
	if (!PQfullProtocolVersion)
		return;
	printf("%d\n", PQfullProtocolVersion(connection));
	PQsetAuthDataHook(NULL);
	printf("%d\n", PQgetAuthDataHook() == PQdefaultAuthDataHook);
}

/* A stand-in without anything to stand for. */
static void call_what_is_not_there(void)
{
	printf("%d %d %d", !PQclosePrepared(connection, "p"), PQsendClosePrepared(connection, "p"),
	       PQsendPipelineSync(connection));
	printf(" %d\n", !PQchangePassword(connection, "anna", "secret"));
}

int main(void)
{
	connection = PQconnectdb("");
	printf("%s %d\n",
	       PQstatus(connection) == CONNECTION_OK ? "connected" : PQerrorMessage(connection),
	       PQlibVersion() / 10000);
	if (PQlibVersion() >= 170000) {
		close_names();
		close_cursors();
		read_chunks();
		read_chunks_in_a_pipeline();
		cancel_calls();
		print_result(PQchangePassword(connection, "anna", "secret"));
	} else if (PQclosePrepared) {
		call_what_is_not_there();
	}
	if (PQconnectionUsedGSSAPI)
		ask_the_rest();
	print_result(PQexec(connection, "SELECT 1"));
	PQfinish(connection);
	return 0;
}
