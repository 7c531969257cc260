/* SPDX-License-Identifier: MIT */
/* Calls every large-object function of libpq's in a transaction of its own, and PQfn, and prints
 * what each answers: `large OBJECT FILE`.  OBJECT exists, FILE is written and read. */
#include <libpq-fe.h>
#include <libpq/libpq-fs.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static PGconn *connection;
static Oid object;
static const char *file;
static int descriptor;

static void run(const char *text)
{
	PQclear(PQexec(connection, text));
}

/* What a refused or failed call left behind. */
static const char *state_now(void)
{
	static char state[6];
	PGresult *result = PQexec(connection, "SELECT 1");
	const char *field = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	snprintf(state, sizeof(state), "%s", field ? field : "fine");
	PQclear(result);
	return state;
}

static long open_read(void)
{
	return lo_open(connection, object, INV_READ);
}

static long open_write(void)
{
	return lo_open(connection, object, INV_WRITE);
}

static long close_it(void)
{
	return lo_close(connection, descriptor);
}

static long read_it(void)
{
	char text[8] = "";
	int length = lo_read(connection, descriptor, text, sizeof(text) - 1);

	printf("'%s' ", text);
	return length;
}

static long write_it(void)
{
	return lo_write(connection, descriptor, "changed", 7);
}

static long seek(void)
{
	return lo_lseek(connection, descriptor, 3, SEEK_SET);
}

static long seek64(void)
{
	return (long)lo_lseek64(connection, descriptor, 4, SEEK_SET);
}

static long tell(void)
{
	return lo_tell(connection, descriptor);
}

static long tell64(void)
{
	return (long)lo_tell64(connection, descriptor);
}

static long truncate_it(void)
{
	return lo_truncate(connection, descriptor, 2);
}

static long truncate64(void)
{
	return lo_truncate64(connection, descriptor, 2);
}

static long answer_of(Oid made)
{
	return made == InvalidOid ? -1 : 0;
}

static long make(void)
{
	return answer_of(lo_creat(connection, INV_READ | INV_WRITE));
}

static long make_numbered(void)
{
	return answer_of(lo_create(connection, 990001));
}

static long import(void)
{
	return answer_of(lo_import(connection, file));
}

static long import_numbered(void)
{
	return answer_of(lo_import_with_oid(connection, file, 990002));
}

static long export(void)
{
	char name[512];

	snprintf(name, sizeof(name), "%s.out", file);
	return lo_export(connection, object, name);
}

static long unlink_it(void)
{
	return lo_unlink(connection, object);
}

/* pg_backend_pid(), whose number is the same since 8.0 (pg_proc.dat). */
static long call_function(void)
{
	int answer = 0, length = 0;
	PGresult *result = PQfn(connection, 2026, &answer, &length, 1, NULL, 0);
	bool worked = PQresultStatus(result) == PGRES_COMMAND_OK;

	PQclear(result);
	return worked && answer == PQbackendPID(connection) ? 0 : -1;
}

static const struct {
	const char *name;
	int mode; /* of the descriptor that it needs; 0: none */
	long (*call)(void);
} CALLS[] = {
	{ "lo_open read", 0, open_read },
	{ "lo_open write", 0, open_write },
	{ "lo_close", INV_WRITE, close_it },
	{ "lo_read", INV_READ, read_it },
	{ "lo_write", INV_WRITE, write_it },
	{ "lo_lseek", INV_WRITE, seek },
	{ "lo_lseek64", INV_WRITE, seek64 },
	{ "lo_tell", INV_WRITE, tell },
	{ "lo_tell64", INV_WRITE, tell64 },
	{ "lo_truncate", INV_WRITE, truncate_it },
	{ "lo_truncate64", INV_WRITE, truncate64 },
	{ "lo_creat", 0, make },
	{ "lo_create", 0, make_numbered },
	{ "lo_import", 0, import },
	{ "lo_import_with_oid", 0, import_numbered },
	{ "lo_export", 0, export },
	{ "lo_unlink", 0, unlink_it },
	{ "PQfn", 0, call_function },
};

/* Opens the object in a way that the call itself does not depend on. */
static void prepare(int mode)
{
	run("BEGIN");
	descriptor = mode ? lo_open(connection, object, mode) : -1;
	if (mode && descriptor < 0) { /* refused: the call gets a number that may be one */
		run("ROLLBACK");
		run("BEGIN");
		descriptor = 0;
	}
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	object = (Oid)atoi(argv[1]);
	file = argv[2];
	connection = PQconnectdb("");
	for (size_t i = 0; i < sizeof(CALLS) / sizeof(CALLS[0]); i++) {
		prepare(CALLS[i].mode);
		printf("%s ", CALLS[i].name);
		long answer = CALLS[i].call();
		bool is_refused = strstr(PQerrorMessage(connection), "chaperone refused") != NULL;
		printf("%ld %d %s\n", answer, is_refused, state_now());
		run("ROLLBACK");
	}
	PQfinish(connection);
	return 0;
}
