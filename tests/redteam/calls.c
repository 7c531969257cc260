/* SPDX-License-Identifier: MIT */
/* A libpq program that makes the calls which its input names, one step a line, and prints all that
 * it can see. */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 16

struct step {
	char *words[WORDS_MAX];
	int count;
};

static PGconn *connection;

static const char *word(const struct step *step, int n)
{
	return n < step->count ? step->words[n] : "";
}

static void print_notice(void *context, const char *text)
{
	(void)context;
	printf("notice: %s", text);
}

static void print_value(const PGresult *result, int row, int column)
{
	const char *value = PQgetvalue(result, row, column);
	int length = PQgetlength(result, row, column);

	if (PQgetisnull(result, row, column)) {
		printf("NULL");
		return;
	}
	if (PQfformat(result, column) != 1) {
		fwrite(value, 1, (size_t)length, stdout);
		return;
	}
	for (int i = 0; i < length; i++)
		printf("%02x", (unsigned char)value[i]);
	printf(" ");
	fwrite(value, 1, (size_t)length, stdout);
}

static void print_rows(const PGresult *result)
{
	for (int row = 0; row < PQntuples(result); row++) {
		printf("row");
		for (int column = 0; column < PQnfields(result); column++) {
			printf("|");
			print_value(result, row, column);
		}
		printf("\n");
	}
}

static void print_notifications(void)
{
	PGnotify *notify;

	PQconsumeInput(connection);
	while ((notify = PQnotifies(connection))) {
		printf("notification: %s %s\n", notify->relname, notify->extra);
		PQfreemem(notify);
	}
}

static void print_copy(void)
{
	char *data;
	int length;

	while ((length = PQgetCopyData(connection, &data, 0)) > 0) {
		printf("copy: ");
		fwrite(data, 1, (size_t)length, stdout);
		PQfreemem(data);
	}
}

static void print_result(PGresult *result)
{
	printf("%s %s\n", result ? PQresStatus(PQresultStatus(result)) : "none",
	       result ? PQcmdStatus(result) : "");
	if (!result) {
		printf("%s\n", PQerrorMessage(connection));
		return;
	}
	for (int column = 0; column < PQnfields(result); column++)
		printf("column %s\n", PQfname(result, column));
	printf("%s", PQresultErrorMessage(result));
	print_rows(result);
	if (PQresultStatus(result) == PGRES_COPY_OUT)
		print_copy();
	PQclear(result);
	print_notifications();
}

static void print_results(void)
{
	PGresult *result;

	while ((result = PQgetResult(connection)))
		print_result(result);
}

static int values_of(const struct step *step, int first, const char *ret_values[WORDS_MAX])
{
	int count = 0;

	for (int i = first; i < step->count; i++)
		ret_values[count++] = step->words[i];
	return count;
}

static void step_connect(const struct step *step)
{
	char text[1024];

	PQfinish(connection);
	snprintf(text, sizeof(text), "dbname=%s user=%s", word(step, 1), word(step, 2));
	connection = PQconnectdb(text);
	PQsetNoticeProcessor(connection, print_notice, NULL);
	PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);
	printf("%s", PQerrorMessage(connection));
}

static void step_exec(const struct step *step)
{
	print_result(PQexec(connection, word(step, 1)));
}

static void step_params(const struct step *step)
{
	const char *values[WORDS_MAX];
	int count = values_of(step, 3, values);

	print_result(PQexecParams(connection, word(step, 2), count, NULL, values, NULL, NULL,
				  atoi(word(step, 1))));
}

static void step_prepare(const struct step *step)
{
	print_result(PQprepare(connection, word(step, 1), word(step, 2), 0, NULL));
}

static void step_execute(const struct step *step)
{
	const char *values[WORDS_MAX];
	int count = values_of(step, 3, values);

	print_result(PQexecPrepared(connection, word(step, 1), count, values, NULL, NULL,
				    atoi(word(step, 2))));
}

static void step_describe(const struct step *step)
{
	print_result(PQdescribePrepared(connection, word(step, 1)));
}

static void step_portal(const struct step *step)
{
	print_result(PQdescribePortal(connection, word(step, 1)));
}

static void step_send(const struct step *step)
{
	PQsendQuery(connection, word(step, 1));
	print_results();
}

static void step_single(const struct step *step)
{
	PQsendQueryParams(connection, word(step, 2), 0, NULL, NULL, NULL, NULL,
			  atoi(word(step, 1)));
	PQsetSingleRowMode(connection);
	print_results();
}

/* A statement whose results are thrown away, followed by another. */
static void step_skip(const struct step *step)
{
	PQsendQuery(connection, word(step, 1));
	PQclear(PQgetResult(connection));
	print_result(PQexec(connection, word(step, 2)));
}

static void step_reset(const struct step *step)
{
	(void)step;
	PQreset(connection);
}

static const struct {
	const char *name;
	void (*take)(const struct step *step);
} STEPS[] = {
	{ "connect", step_connect }, { "exec", step_exec },       { "params", step_params },
	{ "prepare", step_prepare }, { "execute", step_execute }, { "describe", step_describe },
	{ "portal", step_portal },   { "send", step_send },       { "single", step_single },
	{ "skip", step_skip },       { "reset", step_reset },
};

/* Cuts a line at its tabs; \x1f stands for a line's end within it. */
static struct step read_step(char *line)
{
	struct step step = { .count = 0 };

	line[strcspn(line, "\n")] = '\0';
	for (char *at = line; *at; at++)
		if (*at == '\x1f')
			*at = '\n';
	for (char *rest = line; rest && step.count < WORDS_MAX;) {
		char *end = strchr(rest, '\t');

		step.words[step.count++] = rest;
		if (end)
			*end++ = '\0';
		rest = end;
	}
	return step;
}

int main(void)
{
	char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, stdin) > 0) {
		struct step step = read_step(line);

		for (size_t i = 0; i < sizeof(STEPS) / sizeof(STEPS[0]); i++)
			if (strcmp(STEPS[i].name, step.words[0]) == 0)
				STEPS[i].take(&step);
		printf("\n--done--\n");
		fflush(stdout);
	}
	free(line);
	PQfinish(connection);
	return 0;
}
