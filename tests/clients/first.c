/* SPDX-License-Identifier: MIT */
/* Makes the process's first call of libpq in the place that its argument names. */
#include <errno.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/clients/places.h"

static const char *sql = "SELECT id, email FROM customers ORDER BY id LIMIT 1";

static void query(PGconn *connection)
{
	PGresult *result = PQexec(connection, sql);

	printf("%s %s\n", PQresStatus(PQresultStatus(result)),
	       PQntuples(result) ? PQgetvalue(result, 0, 1) : PQresultErrorMessage(result));
	fflush(stdout);
	PQclear(result);
}

static void connect_and_query(void)
{
	PGconn *connection = PQconnectdb("");

	query(connection);
	PQfinish(connection);
}

static void from_thread(void)
{
	in_a_thread(connect_and_query);
}

static void from_exit(void)
{
	atexit(connect_and_query);
}

static void from_child(void)
{
	printf("child ended with %d\n", in_a_child(connect_and_query));
}

static PGconn *shared;

static void query_shared(void)
{
	query(shared);
}

/* The child uses the connection that its parent made, then its parent goes on. */
static void inherited(void)
{
	shared = PQconnectdb("");
	query_shared();
	printf("child ended with %d\n", in_a_child(query_shared));
	query_shared();
	PQfinish(shared);
}

/* Parent and child each have a connection of their own. */
static void each_its_own(void)
{
	PGconn *connection = PQconnectdb("");

	query(connection);
	from_child();
	query(connection);
	PQfinish(connection);
}

/* Closes all descriptors behind the connection's, as daemons do, and opens files under the same
 * numbers. */
static void after_closefrom(void)
{
	PGconn *connection = PQconnectdb("");

	query(connection);
	closefrom(PQsocket(connection) + 1);
	FILE *file = tmpfile();
	query(connection);
	connect_and_query();
	fseek(file, 0, SEEK_END);
	printf("%ld bytes of others in my file\n", ftell(file));
	fclose(file);
	PQfinish(connection);
}

/* Eight threads make their first call at once. */
static void eight_threads(void)
{
	void (*what)(void) = connect_and_query;
	pthread_t threads[8];

	for (size_t i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, call_in_thread, &what);
	for (size_t i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
}

static void from_constructor(void)
{
}

__attribute__((constructor)) static void constructor(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "constructor") == 0)
		connect_and_query();
}

static int errno_at_main;

static void print_errno(void)
{
	printf("errno %d\n", errno_at_main);
}

static const struct {
	const char *name;
	void (*run)(void);
} PLACES[] = {
	{ "main", connect_and_query }, { "constructor", from_constructor },
	{ "thread", from_thread },     { "exit", from_exit },
	{ "child", from_child },       { "inherited", inherited },
	{ "each", each_its_own },      { "closefrom", after_closefrom },
	{ "threads", eight_threads },  { "errno", print_errno },
};

int main(int argc, char **argv)
{
	errno_at_main = errno;
	for (size_t i = 0; argc > 1 && i < sizeof(PLACES) / sizeof(PLACES[0]); i++) {
		if (strcmp(PLACES[i].name, argv[1]) == 0)
			PLACES[i].run();
	}
	return 0;
}
