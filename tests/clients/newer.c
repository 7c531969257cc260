/* SPDX-License-Identifier: MIT */
/* Calls what libpq 17 and 18 have and libpq 15 lacks, where it is there. */
#include <libpq-fe.h>
#include <stdio.h>

extern PGresult *PQclosePrepared(PGconn *conn, const char *stmt) __attribute__((weak));
extern PGresult *PQclosePortal(PGconn *conn, const char *portal) __attribute__((weak));
extern int PQsendClosePrepared(PGconn *conn, const char *stmt) __attribute__((weak));
extern int PQsendClosePortal(PGconn *conn, const char *portal) __attribute__((weak));
extern PGresult *PQchangePassword(PGconn *conn, const char *user, const char *passwd)
	__attribute__((weak));
extern int PQsendPipelineSync(PGconn *conn) __attribute__((weak));
extern int PQsetChunkedRowsMode(PGconn *conn, int chunkSize) __attribute__((weak));

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

int main(void)
{
	connection = PQconnectdb("");
	printf("%s %d\n",
	       PQstatus(connection) == CONNECTION_OK ? "connected" : PQerrorMessage(connection),
	       PQlibVersion() / 10000 >= 17);
	if (PQlibVersion() >= 170000) {
		close_names();
		close_cursors();
		read_chunks();
		print_result(PQchangePassword(connection, "anna", "secret"));
	} else if (PQclosePrepared) { /* a stand-in without anything to stand for */
		printf("%d %d %d", !PQclosePrepared(connection, "p"),
		       PQsendClosePrepared(connection, "p"), PQsendPipelineSync(connection));
	}
	print_result(PQexec(connection, "SELECT 1"));
	PQfinish(connection);
	return 0;
}
