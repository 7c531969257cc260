/* SPDX-License-Identifier: MIT */
/* Keeps several connections busy: `load NAME THREADS SECONDS`.  Every second statement has a text
 * of its own that can be found again in a log without literals; the others differ in a literal. */
#include <libpq-fe.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define THREADS_MAX 16

static const char *name;
static double duration_s;

struct worker {
	pthread_t thread;
	int number;
	unsigned long served, refused, failed;
	double slowest_s;
	char message[256];
};

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void count(struct worker *worker, const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	if (PQresultStatus(result) == PGRES_TUPLES_OK) {
		worker->served++;
	} else if (state && strcmp(state, "42501") == 0) {
		worker->refused++;
		snprintf(worker->message, sizeof(worker->message), "%s",
			 PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
	} else {
		worker->failed++;
		snprintf(worker->message, sizeof(worker->message), "%s",
			 PQresultErrorMessage(result));
	}
}

static void step(struct worker *worker, PGconn *connection, unsigned long i)
{
	char text[128];

	if (i % 2)
		snprintf(text, sizeof(text), "SELECT 1 AS %s_%d_%lu", name, worker->number, i);
	else
		snprintf(text, sizeof(text), "SELECT %lu AS %s", i, name);
	double begun_s = now_s();
	PGresult *result = PQexec(connection, text);
	double took_s = now_s() - begun_s;
	if (took_s > worker->slowest_s)
		worker->slowest_s = took_s;
	count(worker, result);
	PQclear(result);
}

static void *work(void *context)
{
	struct worker *worker = context;
	PGconn *connection = PQconnectdb("");
	double until_s = now_s() + duration_s;

	for (unsigned long i = 0; now_s() < until_s && PQstatus(connection) == CONNECTION_OK; i++)
		step(worker, connection, i);
	PQfinish(connection);
	return NULL;
}

int main(int argc, char **argv)
{
	struct worker workers[THREADS_MAX] = { 0 };
	int threads = argc > 3 ? atoi(argv[2]) : 0;

	if (threads < 1 || threads > THREADS_MAX)
		return 2;
	name = argv[1];
	duration_s = atof(argv[3]);
	printf("ready\n");
	fflush(stdout);
	for (int i = 0; i < threads; i++) {
		workers[i].number = i;
		pthread_create(&workers[i].thread, NULL, work, &workers[i]);
	}
	for (int i = 0; i < threads; i++) {
		pthread_join(workers[i].thread, NULL);
		printf("%lu %lu %lu %.3f %s\n", workers[i].served, workers[i].refused,
		       workers[i].failed, workers[i].slowest_s, workers[i].message);
	}
	return 0;
}
