/* SPDX-License-Identifier: MIT */
/* A libpq program that does what its input says, one call per line, and prints all that libpq
 * answers. */
#include <ctype.h>
#include <libpq-fe.h>
#include <libpq/libpq-fs.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORDS_MAX 20

/* One line of input, cut at its tabs: the call's name, then its arguments. */
struct line {
	char *words[WORDS_MAX];
	int count;
};

static PGconn *connection;
static PGcancel *canceller;
static char cancel_error[256];

static const char *word(const struct line *line, int n)
{
	return n < line->count ? line->words[n] : "";
}

static int number(const struct line *line, int n)
{
	return atoi(word(line, n));
}

static void print_bytes(const char *bytes, int length, bool is_binary)
{
	if (is_binary)
		printf("x");
	for (int i = 0; i < length; i++) {
		if (is_binary)
			printf("%02x", (unsigned char)bytes[i]);
		else
			putchar(bytes[i]);
	}
}

static void print_rows(const PGresult *result)
{
	for (int column = 0; column < PQnfields(result); column++)
		printf("  column %s type %u modifier %d size %d format %d table %d.%d\n",
		       PQfname(result, column), PQftype(result, column), PQfmod(result, column),
		       PQfsize(result, column), PQfformat(result, column),
		       PQftable(result, column) != 0, PQftablecol(result, column));
	for (int row = 0; row < PQntuples(result); row++) {
		printf("  row");
		for (int column = 0; column < PQnfields(result); column++) {
			printf(" | ");
			if (PQgetisnull(result, row, column))
				printf("NULL");
			else
				print_bytes(PQgetvalue(result, row, column),
					    PQgetlength(result, row, column),
					    PQfformat(result, column) == 1);
		}
		printf("\n");
	}
}

static void print_error(const PGresult *result)
{
	static const struct {
		const char *name;
		int code;
	} FIELDS[] = {
		{ "severity", PG_DIAG_SEVERITY },       { "sqlstate", PG_DIAG_SQLSTATE },
		{ "message", PG_DIAG_MESSAGE_PRIMARY }, { "detail", PG_DIAG_MESSAGE_DETAIL },
		{ "hint", PG_DIAG_MESSAGE_HINT },
	};

	for (size_t i = 0; i < sizeof(FIELDS) / sizeof(FIELDS[0]); i++) {
		const char *text = PQresultErrorField(result, FIELDS[i].code);

		if (text)
			printf("  %s: %s\n", FIELDS[i].name, text);
	}
	if (!PQresultErrorField(result, PG_DIAG_SQLSTATE))
		printf("  local: %s\n", PQresultErrorMessage(result));
}

static void print_result(PGresult *result)
{
	if (!result) {
		printf("no result, %s\n", PQerrorMessage(connection));
		return;
	}
	printf("%s tag '%s' touched '%s'\n", PQresStatus(PQresultStatus(result)),
	       PQcmdStatus(result), PQcmdTuples(result));
	if (PQresultStatus(result) == PGRES_FATAL_ERROR)
		print_error(result);
	print_rows(result);
	PQclear(result);
}

static void say(const char *what, long answer)
{
	printf("%s %ld%s%s\n", what, answer, answer < 0 ? " " : "",
	       answer < 0 ? PQerrorMessage(connection) : "");
}

/* Values from word `first` on; a value "NULL" is one. */
static int take_values(const struct line *line, int first, const char *ret_values[WORDS_MAX])
{
	int count = 0;

	for (int i = first; i < line->count; i++)
		ret_values[count++] = strcmp(line->words[i], "NULL") == 0 ? NULL : line->words[i];
	return count;
}

static void call_exec(const struct line *line)
{
	print_result(PQexec(connection, word(line, 1)));
}

static void call_params(const struct line *line)
{
	const char *values[WORDS_MAX];
	int count = take_values(line, 3, values);

	print_result(PQexecParams(connection, word(line, 2), count, NULL, values, NULL, NULL,
				  number(line, 1)));
}

static void call_prepare(const struct line *line)
{
	print_result(PQprepare(connection, word(line, 1), word(line, 2), 0, NULL));
}

static void call_execute(const struct line *line)
{
	const char *values[WORDS_MAX];
	int count = take_values(line, 3, values);

	print_result(PQexecPrepared(connection, word(line, 1), count, values, NULL, NULL,
				    number(line, 2)));
}

static void call_send(const struct line *line)
{
	say("sent", PQsendQuery(connection, word(line, 1)));
}

static void call_sendparams(const struct line *line)
{
	const char *values[WORDS_MAX];
	int count = take_values(line, 3, values);

	say("sent", PQsendQueryParams(connection, word(line, 2), count, NULL, values, NULL, NULL,
				      number(line, 1)));
}

static void call_sendprepare(const struct line *line)
{
	say("sent", PQsendPrepare(connection, word(line, 1), word(line, 2), 0, NULL));
}

static void call_sendexecute(const struct line *line)
{
	const char *values[WORDS_MAX];
	int count = take_values(line, 3, values);

	say("sent", PQsendQueryPrepared(connection, word(line, 1), count, values, NULL, NULL,
					number(line, 2)));
}

static void call_describe(const struct line *line)
{
	print_result(PQdescribePrepared(connection, word(line, 1)));
}

/* All results up to the NULL that ends a statement. */
static void call_results(const struct line *line)
{
	PGresult *result;

	(void)line;
	while ((result = PQgetResult(connection)))
		print_result(result);
	printf("end\n");
}

/* One result, NULL included. */
static void call_result(const struct line *line)
{
	PGresult *result = PQgetResult(connection);

	(void)line;
	if (result)
		print_result(result);
	else
		printf("end\n");
}

static void call_single(const struct line *line)
{
	(void)line;
	say("single", PQsetSingleRowMode(connection));
}

static void call_pipeline(const struct line *line)
{
	(void)line;
	say("pipeline", PQenterPipelineMode(connection));
}

static void call_sync(const struct line *line)
{
	(void)line;
	say("sync", PQpipelineSync(connection));
}

static void call_endpipeline(const struct line *line)
{
	(void)line;
	say("left", PQexitPipelineMode(connection));
}

static void call_flushrequest(const struct line *line)
{
	(void)line;
	say("flush requested", PQsendFlushRequest(connection));
	say("flushed", PQflush(connection));
}

static void call_senddescribe(const struct line *line)
{
	say("sent", PQsendDescribePrepared(connection, word(line, 1)));
}

static void call_sendportal(const struct line *line)
{
	say("sent", PQsendDescribePortal(connection, word(line, 1)));
}

static void call_portal(const struct line *line)
{
	print_result(PQdescribePortal(connection, word(line, 1)));
}

/* All results up to that of a sync. */
static void call_drain(const struct line *line)
{
	bool is_sync = false;

	(void)line;
	for (int nothing = 0; !is_sync && nothing < 2;) {
		PGresult *result = PQgetResult(connection);

		nothing = result ? 0 : nothing + 1;
		is_sync = result && PQresultStatus(result) == PGRES_PIPELINE_SYNC;
		if (result)
			print_result(result);
	}
}

static void call_nonblocking(const struct line *line)
{
	say("nonblocking", PQsetnonblocking(connection, number(line, 1)));
	say("is", PQisnonblocking(connection));
}

static void call_fn(const struct line *line)
{
	int answer = 0, length = 0;
	PQArgBlock argument = { .len = 4, .isint = 1, .u = { .integer = number(line, 2) } };

	print_result(PQfn(connection, number(line, 1), &answer, &length, 1, &argument, 1));
	printf("  answer %d length %d\n", answer, length);
}

/* A large object's life; the object's number is word 1. */
static void call_large(const struct line *line)
{
	Oid oid = (Oid)number(line, 1);
	char text[16] = "";

	say("created", lo_create(connection, oid) == oid);
	int fd = lo_open(connection, oid, INV_READ | INV_WRITE);
	say("open", fd);
	say("written", lo_write(connection, fd, "large object", 12));
	say("sought", lo_lseek(connection, fd, 6, SEEK_SET));
	say("told", lo_tell(connection, fd));
	say("read", lo_read(connection, fd, text, sizeof(text) - 1));
	printf("  '%s'\n", text);
	say("truncated", lo_truncate(connection, fd, 5));
	say("sought64", (long)lo_lseek64(connection, fd, 0, SEEK_END));
	say("told64", (long)lo_tell64(connection, fd));
	say("closed", lo_close(connection, fd));
	say("exported", lo_export(connection, oid, "/dev/null"));
	say("unlinked", lo_unlink(connection, oid));
}

static void call_copyout(const struct line *line)
{
	char *row = NULL;
	int length;

	(void)line;
	while ((length = PQgetCopyData(connection, &row, 0)) > 0) {
		printf("  copied %.*s", length, row);
		PQfreemem(row);
	}
	say("copy ended", length);
	if (length == -1) /* else the same result would come for ever */
		call_results(line);
}

static void call_copyin(const struct line *line)
{
	char row[256];

	snprintf(row, sizeof(row), "%s\n", word(line, 1));
	say("put", PQputCopyData(connection, row, (int)strlen(row)));
	say("put end", PQputCopyEnd(connection, NULL));
	call_results(line);
}

static void call_encoding(const struct line *line)
{
	say("encoding", PQsetClientEncoding(connection, word(line, 1)));
	printf("  %s\n", PQparameterStatus(connection, "client_encoding"));
}

static void call_notifies(const struct line *line)
{
	PGnotify *notify;

	(void)line;
	say("consumed", PQconsumeInput(connection));
	while ((notify = PQnotifies(connection))) {
		printf("  notified %s '%s'\n", notify->relname, notify->extra);
		PQfreemem(notify);
	}
}

static void call_reset(const struct line *line)
{
	(void)line;
	PQreset(connection);
	say("reset", PQstatus(connection));
}

static void call_finish(const struct line *line)
{
	(void)line;
	PQfinish(connection);
	connection = PQconnectdb("");
	say("again", PQstatus(connection));
}

static void call_trace(const struct line *line)
{
	FILE *file = fopen(word(line, 1), "w+");

	if (!file)
		return;
	PQtrace(connection, file);
	print_result(PQexec(connection, word(line, 2)));
	PQuntrace(connection);
	say("traced", ftell(file) > 0);
	fclose(file);
}

static void on_alarm(int signal)
{
	(void)signal;
	PQcancel(canceller, cancel_error, sizeof(cancel_error));
}

/* Cancels the statement from a signal handler half a second after it was sent. */
static void call_cancelled(const struct line *line)
{
	canceller = PQgetCancel(connection);
	signal(SIGALRM, on_alarm);
	ualarm(500000, 0);
	print_result(PQexec(connection, word(line, 1)));
	printf("  %s\n", cancel_error);
	PQfreeCancel(canceller);
}

static void call_state(const struct line *line)
{
	(void)line;
	printf("status %d transaction %d pipeline %d busy %d\n", PQstatus(connection),
	       PQtransactionStatus(connection), PQpipelineStatus(connection), PQisBusy(connection));
}

static void call_escape(const struct line *line)
{
	char *literal = PQescapeLiteral(connection, word(line, 1), strlen(word(line, 1)));
	char *name = PQescapeIdentifier(connection, word(line, 1), strlen(word(line, 1)));

	printf("escaped %s %s\n", literal, name);
	PQfreemem(literal);
	PQfreemem(name);
}

static void call_password(const struct line *line)
{
	char *hash = PQencryptPasswordConn(connection, word(line, 1), "anna", NULL);

	printf("password %.14s\n", hash ? hash : PQerrorMessage(connection));
	PQfreemem(hash);
}

static const struct {
	const char *name;
	void (*call)(const struct line *line);
} CALLS[] = {
	{ "exec", call_exec },
	{ "params", call_params },
	{ "prepare", call_prepare },
	{ "execute", call_execute },
	{ "send", call_send },
	{ "sendparams", call_sendparams },
	{ "sendprepare", call_sendprepare },
	{ "sendexecute", call_sendexecute },
	{ "describe", call_describe },
	{ "results", call_results },
	{ "result", call_result },
	{ "single", call_single },
	{ "pipeline", call_pipeline },
	{ "sync", call_sync },
	{ "endpipeline", call_endpipeline },
	{ "flushrequest", call_flushrequest },
	{ "senddescribe", call_senddescribe },
	{ "sendportal", call_sendportal },
	{ "portal", call_portal },
	{ "drain", call_drain },
	{ "nonblocking", call_nonblocking },
	{ "fn", call_fn },
	{ "large", call_large },
	{ "copyout", call_copyout },
	{ "copyin", call_copyin },
	{ "encoding", call_encoding },
	{ "notifies", call_notifies },
	{ "reset", call_reset },
	{ "finish", call_finish },
	{ "trace", call_trace },
	{ "cancelled", call_cancelled },
	{ "state", call_state },
	{ "escape", call_escape },
	{ "password", call_password },
};

static void perform(char *text)
{
	struct line line = { .count = 0 };

	for (char *rest = text, *part; line.count < WORDS_MAX && (part = strsep(&rest, "\t"));)
		line.words[line.count++] = part;
	printf("-- %s\n", word(&line, 0));
	for (size_t i = 0; i < sizeof(CALLS) / sizeof(CALLS[0]); i++) {
		if (strcmp(CALLS[i].name, line.words[0]) == 0) {
			CALLS[i].call(&line);
			fflush(stdout);
			return;
		}
	}
	printf("no such call\n");
}

static void on_notice(void *context, const char *message)
{
	(void)context;
	printf("  notice: %s", message);
}

int main(void)
{
	char *text = NULL;
	size_t room = 0;
	ssize_t length;

	connection = PQconnectdb("");
	if (PQstatus(connection) != CONNECTION_OK)
		printf("not connected: %s", PQerrorMessage(connection));
	PQsetNoticeProcessor(connection, on_notice, NULL);
	while ((length = getline(&text, &room, stdin)) > 0) {
		if (text[length - 1] == '\n')
			text[length - 1] = '\0';
		if (text[0])
			perform(text);
	}
	free(text);
	PQfinish(connection);
	return 0;
}
