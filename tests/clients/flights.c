/* SPDX-License-Identifier: MIT */
/* Programs with many calls in flight: as psycopg 3 drives a pipeline, a thousand at once, and
 * connections that end in the middle of one.  Prints all that libpq answers. */
#include <libpq-fe.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static PGconn *connection;

static void fail(const char *what)
{
	printf("%s: %s", what, PQerrorMessage(connection));
	exit(1);
}

static void print_result(const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	printf("%s%s%s", PQresStatus(PQresultStatus(result)), state ? " " : "", state ? state : "");
	for (int row = 0; row < PQntuples(result); row++) {
		for (int column = 0; column < PQnfields(result); column++)
			printf("%s%s", column ? " | " : "\n  ", PQgetvalue(result, row, column));
	}
	printf("\n");
}

static void send_text(const char *sql, const char *value)
{
	if (!PQsendQueryParams(connection, sql, value ? 1 : 0, NULL, &value, NULL, NULL, 0))
		fail("sending");
}

static void wait_for(bool writes)
{
	struct pollfd ready = { PQsocket(connection), (short)(POLLIN | (writes ? POLLOUT : 0)), 0 };

	if (poll(&ready, 1, 20000) <= 0)
		fail("waiting");
	if ((ready.revents & POLLIN) && !PQconsumeInput(connection))
		printf("consumed nothing: %s", PQerrorMessage(connection));
}

/* One command's results, as psycopg fetches them: never blocking. */
static int fetch_results(void)
{
	PGresult *result;
	int count = 0;

	for (;;) {
		int unsent = PQflush(connection);

		while (PQisBusy(connection)) {
			wait_for(unsent != 0);
			unsent = PQflush(connection);
		}
		result = PQgetResult(connection);
		if (!result)
			return count;
		count++;
		print_result(result);
		bool is_sync = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
		PQclear(result);
		if (is_sync)
			return count;
	}
}

static void enter(int nonblocking)
{
	if (PQsetnonblocking(connection, nonblocking) != 0 || !PQenterPipelineMode(connection))
		fail("entering");
}

static void sync_up(void)
{
	if (!PQpipelineSync(connection))
		fail("syncing");
}

static void leave(void)
{
	printf("left %d\n", PQexitPipelineMode(connection));
}

/* BEGIN, a prepared statement used thrice, an error in the middle of a segment, COMMIT. */
static void run_psycopg(void)
{
	const char *values[] = { "1", "2", "3" };

	enter(1);
	send_text("BEGIN", NULL);
	PQsendPrepare(connection, "_pg3_0", "SELECT id, name, email FROM customers WHERE id = $1",
		      0, NULL);
	for (int i = 0; i < 3; i++)
		PQsendQueryPrepared(connection, "_pg3_0", 1, &values[i], NULL, NULL, 0);
	PQsendDescribePrepared(connection, "_pg3_0");
	sync_up();
	send_text("SELECT count(*) FROM orders", NULL);
	send_text("SELECT 1/0", NULL);
	send_text("SELECT email FROM customers", NULL);
	sync_up();
	send_text("ROLLBACK", NULL);
	sync_up();
	for (int command = 0; command < 13; command++)
		fetch_results();
	leave();
}

/* `count` statements before the first answer is read; every third is another text. */
static void run_many(int count)
{
	char sql[128];

	enter(1);
	for (int i = 0; i < count; i++) {
		snprintf(sql, sizeof(sql),
			 i % 3 ? "SELECT $1::int + 1"
			       : "SELECT $1::int, email FROM customers WHERE id = %d",
			 i % 7);
		char value[16];
		snprintf(value, sizeof(value), "%d", i);
		send_text(sql, value);
		PQflush(connection);
	}
	sync_up();
	for (int i = 0; i <= count; i++)
		fetch_results();
	leave();
}

/* The same with names that are prepared and executed in flight. */
static void run_names(int count)
{
	char name[16], sql[128];

	enter(1);
	for (int i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "s%d", i % 50);
		snprintf(sql, sizeof(sql), "SELECT %d, email FROM customers WHERE id = 1", i);
		PQsendPrepare(connection, name, sql, 0, NULL);
		PQsendQueryPrepared(connection, name, 0, NULL, NULL, NULL, 0);
		sync_up();
	}
	for (int i = 0; i < count * 3; i++)
		fetch_results();
	leave();
}

/* The connection ends between two flights: by the server's word, or without a word. */
static void run_cut(bool says_so)
{
	enter(0);
	send_text("SELECT 1", NULL);
	send_text(says_so ? "SELECT pg_terminate_backend(pg_backend_pid())" : "SELECT 2", NULL);
	send_text("SELECT email FROM customers", NULL);
	if (!says_so)
		shutdown(PQsocket(connection), SHUT_RDWR);
	printf("sync %d\n", PQpipelineSync(connection));
	for (int i = 0; i < 6; i++)
		fetch_results();
	printf("status %d\n", PQstatus(connection));
	PQreset(connection);
	printf("again %d, pipeline %d\n", PQstatus(connection), PQpipelineStatus(connection));
	PQclear(PQexec(connection, "SELECT 1"));
}

/* The program loses interest. */
static void run_abandon(void)
{
	enter(0);
	for (int i = 0; i < 100; i++)
		send_text("SELECT email FROM customers", NULL);
	sync_up();
	PQclear(PQgetResult(connection));
	PQfinish(connection);
	connection = PQconnectdb("");
	PGresult *result = PQexec(connection, "SELECT email FROM customers WHERE id = 1");
	print_result(result);
	PQclear(result);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	int count = argc > 2 ? atoi(argv[2]) : 0;

	connection = PQconnectdb("");
	if (PQstatus(connection) != CONNECTION_OK)
		fail("connecting");
	if (strcmp(mode, "psycopg") == 0)
		run_psycopg();
	else if (strcmp(mode, "many") == 0)
		run_many(count);
	else if (strcmp(mode, "names") == 0)
		run_names(count);
	else if (strcmp(mode, "cut") == 0)
		run_cut(true);
	else if (strcmp(mode, "shut") == 0)
		run_cut(false);
	else if (strcmp(mode, "abandon") == 0)
		run_abandon();
	PQfinish(connection);
	return 0;
}
