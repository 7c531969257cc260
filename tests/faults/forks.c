/* SPDX-License-Identifier: MIT */
/* Forks while other threads query: `forks COUNT PROGRAM`.  Every third child queries on a connection
 * of its own, every third executes PROGRAM, and every third ends at once. */
#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS         4
#define CHILD_SECONDS   20 /* then it hangs */
#define CHILDREN_ACROSS 4

static atomic_bool is_over;
static atomic_uint connected;
static atomic_ulong served, failed;

static void query(PGconn *connection, const char *text)
{
	PGresult *result = PQexec(connection, text);

	*(PQresultStatus(result) == PGRES_TUPLES_OK ? &served : &failed) += 1;
	PQclear(result);
}

static void *work(void *nothing)
{
	PGconn *connection = PQconnectdb("");
	char text[64];

	connected++;
	for (unsigned long i = 0; !is_over; i++) {
		snprintf(text, sizeof(text), "SELECT %lu AS a%lu", i, i % 50);
		query(connection, text);
	}
	PQfinish(connection);
	return nothing;
}

/* Each call of these looks for its client library. */
static void *look(void *nothing)
{
	while (!is_over)
		PQfinish(PQconnectdb("is not a setting"));
	return nothing;
}

static void be_child(int number, char **program)
{
	alarm(CHILD_SECONDS);
	if (number % 3 == 1)
		execv(program[0], program);
	served = failed = 0;
	if (number % 3 == 0) {
		PGconn *connection = PQconnectdb("");

		query(connection, "SELECT id FROM plain WHERE id = 1");
		query(connection, "SELECT email FROM customers");
		PQfinish(connection);
	}
	_exit(failed > 0);
}

static int collect(void)
{
	int status = 0;

	if (wait(&status) > 0 && status != 0)
		printf("a child ended with %x\n", (unsigned)status);
	return status != 0;
}

/* libpq's first connections hold a lock that a child forked meanwhile would find held for ever
 * (fe-secure-openssl.c of libpq 15, ssl_config_mutex). */
static void wait_for_connections(void)
{
	while (connected < THREADS)
		usleep(1000);
}

int main(int argc, char **argv)
{
	int count = argc > 2 ? atoi(argv[1]) : 0, bad = 0;
	pthread_t threads[THREADS], looking;

	for (size_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, work, NULL);
	pthread_create(&looking, NULL, look, NULL);
	wait_for_connections();
	for (int i = 0; i < count; i++) {
		pid_t child = fork();

		if (child == 0)
			be_child(i, argv + 2);
		if (child < 0 || i >= CHILDREN_ACROSS)
			bad += collect();
	}
	for (int i = 0; i < CHILDREN_ACROSS; i++)
		bad += collect();
	is_over = true;
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	pthread_join(looking, NULL);
	printf("%d bad children, %lu served, %lu failed\n", bad, served, failed);
	return 0;
}
