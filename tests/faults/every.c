/* SPDX-License-Identifier: MIT */
/* Calls every function of libpq that has a stand-in as the process's first one, in a place: `every
 * PLACE`.  Each has a process of its own, and NULL for what it wants; behind a longjmp it has a
 * connection. */
#include <libpq-events.h>
#include <libpq-fe.h>
#include <libpq/libpq-fs.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/libpq/table.h"
#include "tests/clients/places.h"

#define SECONDS_MAX 3 /* libpq itself waits for ever after some leaps */
#define AT_ONCE     24

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

static void from_thread(void)
{
	in_a_thread(call);
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
	if (in_a_child(call))
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
		PQclear(PQexec(connection, "CREATE TABLE IF NOT EXISTS plain ()"));
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

static pid_t start_child(size_t which, const char *place)
{
	pid_t child = fork();

	if (child == 0) {
		number = which;
		be_first(place);
	}
	return child;
}

/* Some at a time, because the server has room for so many. */
static void run_all(const char *place)
{
	const size_t count = sizeof(FUNCTIONS) / sizeof(FUNCTIONS[0]);
	pid_t children[AT_ONCE];

	for (size_t first = 0; first < count; first += AT_ONCE) {
		size_t end = first + AT_ONCE < count ? first + AT_ONCE : count;

		for (size_t i = first; i < end; i++)
			children[i - first] = start_child(i, place);
		for (size_t i = first; i < end; i++) {
			int status = 0;

			waitpid(children[i - first], &status, 0);
			printf("%s ended with %x\n", FUNCTIONS[i].name, (unsigned)status);
			fflush(stdout);
		}
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
