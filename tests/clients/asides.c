/* SPDX-License-Identifier: MIT */
/* A libpq program that runs the statements which its input names and prints all that libpq says
 * besides rows, through every accessor there is: `asides [CONNINFO]`. */
#include <libpq-events.h>
#include <libpq-fe.h>
#include <poll.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static PGconn *connection;
static jmp_buf back;

/* What the callbacks are given, to be printed. */
static char processed[] = "processed", received[] = "received", set_early[] = "set early",
	    noticed[] = "notice";
static char client_encoding[] = "client_encoding";

static void print_fields(const PGresult *result)
{
	static const char CODES[] = { PG_DIAG_SEVERITY,          PG_DIAG_SQLSTATE,
				      PG_DIAG_MESSAGE_PRIMARY,   PG_DIAG_MESSAGE_DETAIL,
				      PG_DIAG_MESSAGE_HINT,      PG_DIAG_STATEMENT_POSITION,
				      PG_DIAG_INTERNAL_POSITION, PG_DIAG_INTERNAL_QUERY,
				      PG_DIAG_CONTEXT,           PG_DIAG_SCHEMA_NAME,
				      PG_DIAG_TABLE_NAME,        PG_DIAG_COLUMN_NAME,
				      PG_DIAG_DATATYPE_NAME,     PG_DIAG_CONSTRAINT_NAME };

	for (size_t i = 0; i < sizeof(CODES); i++) {
		const char *text = PQresultErrorField(result, CODES[i]);

		if (text)
			printf("  %c: %s\n", CODES[i], text);
	}
}

static void print_error(const PGresult *result)
{
	print_fields(result);
	printf("  result: %s", PQresultErrorMessage(result));
	for (int verbosity = PQERRORS_TERSE; verbosity <= PQERRORS_SQLSTATE; verbosity++) {
		char *text = PQresultVerboseErrorMessage(result, (PGVerbosity)verbosity,
							 PQSHOW_CONTEXT_ALWAYS);

		printf("  verbose %d: %s", verbosity, text);
		PQfreemem(text);
	}
}

static void print_result(PGresult *result)
{
	printf("%s\n", PQresStatus(PQresultStatus(result)));
	if (PQresultStatus(result) == PGRES_FATAL_ERROR)
		print_error(result);
	for (int row = 0; row < PQntuples(result); row++)
		for (int column = 0; column < PQnfields(result); column++)
			printf("  cell %s\n", PQgetvalue(result, row, column));
	printf("  connection: %s\n", PQerrorMessage(connection));
	PQclear(result);
}

static void call_exec(char *text)
{
	print_result(PQexec(connection, text));
}

static void call_params(char *text)
{
	print_result(PQexecParams(connection, text, 0, NULL, NULL, NULL, NULL, 0));
}

/* As a program does that never blocks; the message is looked at before the result is. */
static void call_async(char *text)
{
	PGresult *result;

	printf("sent %d\n", PQsendQuery(connection, text));
	while (PQisBusy(connection)) {
		struct pollfd wait = { .fd = PQsocket(connection), .events = POLLIN };

		poll(&wait, 1, -1);
		PQconsumeInput(connection);
	}
	printf("  early: %s\n", PQerrorMessage(connection));
	result = PQmakeEmptyPGresult(connection, PGRES_FATAL_ERROR);
	printf("  made: %s\n", PQresultErrorMessage(result));
	PQclear(result);
	while ((result = PQgetResult(connection)))
		print_result(result);
}

static void call_verbosity(char *text)
{
	PQsetErrorVerbosity(connection, (PGVerbosity)atoi(text));
	PQsetErrorContextVisibility(connection, PQSHOW_CONTEXT_ALWAYS);
}

/* ---- notices ---- */

static void process(void *context, const char *text)
{
	printf("  %s: %s", (const char *)context, text);
}

static void receive(void *context, const PGresult *result)
{
	printf("  %s\n", (const char *)context);
	print_error(result);
}

static void leap(void *context, const PGresult *result)
{
	(void)context;
	print_error(result);
	longjmp(back, 1);
}

static void call_processor(char *text)
{
	(void)text;
	printf("before %d\n", PQsetNoticeProcessor(connection, process, processed) != process);
}

static void call_receiver(char *text)
{
	PQnoticeReceiver before = PQsetNoticeReceiver(connection, receive, received);

	(void)text;
	printf("before is ours %d\n", before == receive);
	printf("now is ours %d\n", PQsetNoticeReceiver(connection, NULL, NULL) == receive);
}

/* A receiver that never comes back leaves the connection in the middle of a message: it is made
 * anew. */
static void call_leap(char *text)
{
	PQnoticeReceiver before = PQsetNoticeReceiver(connection, leap, NULL);

	if (setjmp(back) == 0)
		print_result(PQexec(connection, text));
	else
		printf("leapt\n");
	PQsetNoticeReceiver(connection, before, received);
	PQreset(connection);
	printf("status %d\n", PQstatus(connection));
}

/* ---- others ---- */

static void call_notifies(char *text)
{
	PGnotify *notify;

	(void)text;
	PQconsumeInput(connection);
	while ((notify = PQnotifies(connection))) {
		printf("  notified %s '%s'\n", notify->relname, notify->extra);
		PQfreemem(notify);
	}
}

static int on_event(PGEventId event, void *information, void *context)
{
	(void)context;
	if (event == PGEVT_RESULTCREATE) {
		const PGresult *result = ((PGEventResultCreate *)information)->result;

		for (int row = 0; row < PQntuples(result); row++)
			printf("  event %s\n", PQgetvalue(result, row, 0));
	}
	return 1;
}

static void call_events(char *text)
{
	printf("registered %d\n", PQregisterEventProc(connection, on_event, "events", NULL));
	print_result(PQexec(connection, text));
}

static void call_trace(char *text)
{
	FILE *file = tmpfile();
	char line[512];

	PQtrace(connection, file);
	print_result(PQexec(connection, text));
	PQuntrace(connection);
	rewind(file);
	for (int lines = 0; fgets(line, sizeof(line), file) && lines < 50; lines++)
		printf("  traced %s", line);
	fclose(file);
}

static void call_secured(char *text)
{
	const char *protocol = PQsslAttribute(connection, "protocol");
	bool has_names = PQsslAttributeNames(connection)[0] != NULL;

	(void)text;
	printf("in use %d, %d, protocol %.3s, names %d\n", PQsslInUse(connection),
	       PQgssEncInUse(connection), protocol ? protocol : "none", has_names);
	printf("ssl %d struct %d gss %d\n", PQgetssl(connection) != NULL,
	       PQsslStruct(connection, "OpenSSL") != NULL, PQgetgssctx(connection) != NULL);
	printf("socket %d\n", PQsocket(connection) >= 0);
}

static void call_parameter(char *text)
{
	const char *value = PQparameterStatus(connection, text);

	printf("%s is %s\n", text, value ? value : "not known");
}

static void call_encoding(char *text)
{
	printf("encoding %d\n", PQsetClientEncoding(connection, text));
	call_parameter(client_encoding);
}

static void call_reset(char *text)
{
	(void)text;
	PQreset(connection);
	printf("status %d\n", PQstatus(connection));
}

static void call_connect(char *text)
{
	PQfinish(connection);
	connection = PQconnectdb(text);
	printf("status %d %s\n", PQstatus(connection), PQerrorMessage(connection));
}

/* With a receiver set before there is a connection. */
static void call_poll(char *text)
{
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;

	PQfinish(connection);
	connection = PQconnectStart(text);
	PQsetNoticeReceiver(connection, receive, set_early);
	while (status != PGRES_POLLING_OK && status != PGRES_POLLING_FAILED) {
		struct pollfd wait = { .fd = PQsocket(connection),
				       .events =
					       status == PGRES_POLLING_READING ? POLLIN : POLLOUT };

		poll(&wait, 1, -1);
		status = PQconnectPoll(connection);
	}
	printf("status %d\n", PQstatus(connection));
}

static const struct {
	const char *name;
	void (*call)(char *text);
} CALLS[] = {
	{ "exec", call_exec },           { "params", call_params },
	{ "async", call_async },         { "verbosity", call_verbosity },
	{ "processor", call_processor }, { "receiver", call_receiver },
	{ "leap", call_leap },           { "notifies", call_notifies },
	{ "events", call_events },       { "trace", call_trace },
	{ "secured", call_secured },     { "parameter", call_parameter },
	{ "encoding", call_encoding },   { "reset", call_reset },
	{ "connect", call_connect },     { "poll", call_poll },
};

static void perform(char *line)
{
	char *text = strchr(line, '\t');

	if (text)
		*text++ = '\0';
	printf("-- %s\n", line);
	for (size_t i = 0; i < sizeof(CALLS) / sizeof(CALLS[0]); i++) {
		if (strcmp(CALLS[i].name, line) == 0) {
			CALLS[i].call(text ? text : line + strlen(line));
			fflush(stdout);
			return;
		}
	}
	printf("no such call\n");
}

int main(int argc, char **argv)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t length;

	setvbuf(stdout, NULL, _IOLBF, 0);
	connection = PQconnectdb(argc > 1 ? argv[1] : "");
	if (PQstatus(connection) != CONNECTION_OK)
		printf("not connected: %s", PQerrorMessage(connection));
	PQsetNoticeProcessor(connection, process, noticed);
	while ((length = getline(&line, &room, stdin)) > 0) {
		if (line[length - 1] == '\n')
			line[length - 1] = '\0';
		if (line[0])
			perform(line);
	}
	free(line);
	PQfinish(connection);
	return 0;
}
