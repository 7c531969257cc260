/* SPDX-License-Identifier: MIT */
/* A libpq program that runs one COPY through the calls that its first argument names: copies WAY
 * SQL. */
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static PGconn *connection;

static void wait_for_input(void)
{
	struct pollfd ready = { .fd = PQsocket(connection), .events = POLLIN };

	poll(&ready, 1, 5000);
	if (!PQconsumeInput(connection))
		printf("no input: %s", PQerrorMessage(connection));
}

static int print_data(void)
{
	char *row;
	int length;

	while ((length = PQgetCopyData(connection, &row, 0)) > 0) {
		printf("%d %s", (int)strlen(row) == length, row);
		PQfreemem(row);
	}
	printf("end %d\n", length);
	return length;
}

static void print_results(void)
{
	PGresult *result;
	int ended = -1;

	while (ended == -1 && (result = PQgetResult(connection))) {
		printf("%s %s%s\n", PQresStatus(PQresultStatus(result)), PQcmdStatus(result),
		       PQresultErrorMessage(result));
		if (PQresultStatus(result) == PGRES_COPY_OUT)
			ended = print_data();
		PQclear(result);
	}
}

/* PQgetline with room for few bytes, then PQendcopy. */
static void by_line(void)
{
	char part[9];
	int state;

	while ((state = PQgetline(connection, part, sizeof(part))) != EOF &&
	       strcmp(part, "\\.") != 0)
		printf("%s%s", part, state == 0 ? "\n" : "|");
	printf("end %d, endcopy %d\n", state, PQendcopy(connection));
}

static void by_line_async(void)
{
	char part[9];
	int length;

	while ((length = PQgetlineAsync(connection, part, sizeof(part))) >= 0) {
		printf("%.*s%s", length, part, length > 0 && part[length - 1] != '\n' ? "|" : "");
		if (length == 0)
			wait_for_input();
	}
	print_results();
}

static void by_data(void)
{
	print_data();
	print_results();
}

static void by_data_async(void)
{
	char *row;
	int length;

	while ((length = PQgetCopyData(connection, &row, 1)) >= 0) {
		if (length == 0) {
			wait_for_input();
			continue;
		}
		printf("%s", row);
		PQfreemem(row);
	}
	printf("end %d\n", length);
	print_results();
}

/* Two rows with the old calls. */
static void by_putline(void)
{
	printf("%d", PQputline(connection, "9001\tput\n"));
	printf(" %d", PQputnbytes(connection, "9002\tbytes\n", 11));
	printf(" %d", PQputline(connection, "\\.\n"));
	printf(" endcopy %d\n", PQendcopy(connection));
}

static void by_put(void)
{
	printf("%d", PQputCopyData(connection, "9003\tput\n90", 11));
	printf(" %d", PQputCopyData(connection, "04\tagain\n", 9));
	printf(" %d\n", PQputCopyEnd(connection, NULL));
	print_results();
}

static void by_giving_up(void)
{
	printf("%d", PQputCopyData(connection, "9005\tput\n", 9));
	printf(" %d\n", PQputCopyEnd(connection, "given up"));
	print_results();
}

/* Another statement in the middle of it. */
static void by_leaving(void)
{
	char *row = NULL;
	int length = PQgetCopyData(connection, &row, 0);

	printf("%d %s", length > 0, row ? row : "");
	PQfreemem(row);
}

/* The network fails in the middle. */
static void by_breaking(void)
{
	by_leaving();
	shutdown(PQsocket(connection), SHUT_RDWR);
	print_results();
}

static void by_none(void)
{
}

static const struct {
	const char *name;
	void (*read)(void);
	int is_sent; /* with PQsendQuery, and PQgetResult is not called before the data is read */
} WAYS[] = {
	{ "line", by_line, 0 },        { "lineasync", by_line_async, 0 }, { "data", by_data, 0 },
	{ "async", by_data_async, 0 }, { "putline", by_putline, 0 },      { "put", by_put, 0 },
	{ "giveup", by_giving_up, 0 }, { "leave", by_leaving, 0 },        { "none", by_none, 0 },
	{ "break", by_breaking, 0 },   { "blind", by_data, 1 },
};

static void start(const char *sql, int is_sent)
{
	PGresult *result = NULL;

	if (is_sent && PQsendQuery(connection, sql)) {
		while (PQisBusy(connection))
			wait_for_input();
		return;
	}
	result = PQexec(connection, sql);
	printf("%s %d columns%s%s\n", PQresStatus(PQresultStatus(result)), PQnfields(result),
	       PQresultErrorMessage(result)[0] ? ": " : "", PQresultErrorMessage(result));
	PQclear(result);
}

int main(int argc, char **argv)
{
	PGresult *result;

	if (argc != 3)
		return 2;
	connection = PQconnectdb("");
	for (size_t i = 0; i < sizeof(WAYS) / sizeof(WAYS[0]); i++) {
		if (strcmp(WAYS[i].name, argv[1]) != 0)
			continue;
		start(argv[2], WAYS[i].is_sent);
		WAYS[i].read();
	}
	result = PQexec(connection, "SELECT 'alive'");
	printf("%s\n",
	       PQntuples(result) == 1 ? PQgetvalue(result, 0, 0) : PQerrorMessage(connection));
	PQclear(result);
	PQfinish(connection);
	return 0;
}
