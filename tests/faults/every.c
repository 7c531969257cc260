/* SPDX-License-Identifier: MIT */
/* Calls every function of libpq that has a stand-in as the process's first one, in a place: `every
 * PLACE`.  Each has a process of its own, and NULL for what it wants; behind a longjmp it has a
 * connection. */
#include <libpq-events.h>
#include <libpq-fe.h>
#include <libpq/libpq-fs.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/libpq/table.h"

#define SECONDS_MAX 10 /* then it hangs */

typedef long any_function(void *, void *, void *, void *, void *, void *, void *, void *, void *);
typedef void some_function(void);

/* clang-format off */
#define ROW(name) { #name, (some_function *)&name },
#define NO_ROW(name)
/* clang-format on */

static const struct {
	const char *name;
	some_function *function;
} FUNCTIONS[] = { LIBPQ_ROWS(ROW, ROW, NO_ROW) };

static size_t number;
static PGconn *connection; /* NULL but behind a longjmp */
static jmp_buf behind;

static void call(void)
{
	any_function *function = (any_function *)FUNCTIONS[number].function;

	(void)function(connection, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
}

static void *in_thread(void *nothing)
{
	call();
	return nothing;
}

static void from_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, in_thread, NULL);
	pthread_join(thread, NULL);
}

static void from_exit(void)
{
	atexit(call);
	exit(0);
}

static void on_signal(int ignored)
{
	(void)ignored;
	call();
}

static void from_signal(void)
{
	signal(SIGUSR1, on_signal);
	raise(SIGUSR1);
}

static void from_child(void)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		call();
		_exit(0);
	}
	waitpid(child, &status, 0);
	if (status)
		raise(SIGSEGV);
}

static void leap(void *context, const char *message)
{
	(void)context;
	(void)message;
	longjmp(behind, 1);
}

static void from_longjmp(void)
{
	connection = PQconnectdb("");
	PQsetNoticeProcessor(connection, leap, NULL);
	if (setjmp(behind) == 0)
		PQclear(PQexec(connection, "DO $$ BEGIN RAISE NOTICE 'leap'; END $$"));
	PQsetNoticeProcessor(connection, NULL, NULL);
	call();
}

static const struct {
	const char *name;
	void (*run)(void);
} PLACES[] = {
	{ "main", call },
	{ "constructor", call },
	{ "thread", from_thread },
	{ "exit", from_exit },
	{ "signal", from_signal },
	{ "child", from_child },
	{ "longjmp", from_longjmp },
};

static void be_first(const char *place)
{
	alarm(SECONDS_MAX);
	for (size_t i = 0; i < sizeof(PLACES) / sizeof(PLACES[0]); i++) {
		if (strcmp(PLACES[i].name, place) == 0)
			PLACES[i].run();
	}
	_exit(0);
}

static void run_all(const char *place)
{
	for (number = 0; number < sizeof(FUNCTIONS) / sizeof(FUNCTIONS[0]); number++) {
		int status = 0;
		pid_t child = fork();

		if (child == 0)
			be_first(place);
		waitpid(child, &status, 0);
		printf("%s ended with %x\n", FUNCTIONS[number].name, (unsigned)status);
		fflush(stdout);
	}
}

__attribute__((constructor)) static void start(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "constructor") == 0)
		run_all(argv[1]);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "constructor") != 0)
		run_all(argv[1]);
	return 0;
}
