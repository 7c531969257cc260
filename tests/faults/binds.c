/* SPDX-License-Identifier: MIT */
/* Binds values that change while they are on their way: `binds flip ROUNDS`, by another thread;
 * `binds asked`, while the agent is asked.  The latter is seen because the library's call of sendmsg
 * comes to the one here, and libpq makes none.  `binds odd` binds what is unusual or wrong, `binds full`
 * a value of which memory does not hold another copy. */
#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COUNT 3

static PGconn *connection;

/* A text, a smallint in binary form, a NULL; or what the server would take for something else. */
static char text[64];
static Oid types[COUNT];
static const char *values[COUNT];
static int lengths[COUNT], formats[COUNT];
static PQArgBlock arguments[2];
static char counted[32];

static void be_good(void)
{
	strcpy(text, "good");
	memcpy(types, (Oid[]){ 25, 21, 25 }, sizeof(types));
	memcpy(values, (const char *[]){ text, "09", NULL }, sizeof(values));
	memcpy(lengths, (int[]){ 0, 2, 0 }, sizeof(lengths));
	memcpy(formats, (int[]){ 0, 1, 0 }, sizeof(formats));
	strcpy(counted, "twelve bytes");
	arguments[0] = (PQArgBlock){ .len = 12, .u.ptr = (int *)(void *)counted };
	arguments[1] = (PQArgBlock){ .len = 4, .isint = 1, .u.integer = 7 };
}

static void be_evil(void)
{
	strcpy(text, "evil and longer");
	memcpy(types, (Oid[]){ 23, 23, 23 }, sizeof(types));
	memcpy(values, (const char *[]){ "evil", "2", "evil" }, sizeof(values));
	memcpy(lengths, (int[]){ 4, 1, 4 }, sizeof(lengths));
	memcpy(formats, (int[]){ 1, 0, 1 }, sizeof(formats));
	strcpy(counted, "evil");
	arguments[0] = (PQArgBlock){ .len = 3, .u.ptr = (int *)(void *)text };
	arguments[1] = (PQArgBlock){ .len = 4, .isint = 1, .u.integer = 8 };
}

static bool is_armed;
static long times_asked;

__attribute__((visibility("default"))) ssize_t sendmsg(int fd, const struct msghdr *message,
						       int flags)
{
	if (is_armed) {
		be_evil();
		times_asked++;
	}
	return syscall(SYS_sendmsg, fd, message, flags);
}

static void show(const char *what, PGresult *result)
{
	is_armed = false;
	if (PQresultStatus(result) == PGRES_TUPLES_OK)
		printf("%s: %s|%s|%s\n", what, PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 1),
		       PQgetisnull(result, 0, 2) ? "null" : PQgetvalue(result, 0, 2));
	else
		printf("%s: %s %s\n", what, PQresStatus(PQresultStatus(result)),
		       PQerrorMessage(connection));
	PQclear(result);
}

static PGresult *await(int sent)
{
	PGresult *result = sent ? PQgetResult(connection) : NULL, *more;

	while (result && (more = PQgetResult(connection)) != NULL)
		PQclear(more);
	return result;
}

/* No two texts are alike, so that the agent is asked for each. */
static const char *query(void)
{
	static char room[128];
	static int serial;

	snprintf(room, sizeof(room), "SELECT $1 || '' AS a%d, $2 AS b, $3 AS c", ++serial);
	return room;
}

static void begin(void)
{
	be_good();
	is_armed = true;
}

static void show_params(void)
{
	begin();
	show("PQexecParams",
	     PQexecParams(connection, query(), COUNT, types, values, lengths, formats, 0));
	begin();
	show("PQsendQueryParams", await(PQsendQueryParams(connection, query(), COUNT, types, values,
							  lengths, formats, 0)));
}

static void show_prepared(void)
{
	begin();
	PQclear(PQprepare(connection, "p", query(), COUNT, types));
	begin();
	show("PQprepare", PQexecPrepared(connection, "p", COUNT, values, lengths, formats, 0));
	begin();
	PQclear(await(PQsendPrepare(connection, "q", query(), COUNT, types)));
	begin();
	show("PQsendPrepare",
	     await(PQsendQueryPrepared(connection, "q", COUNT, values, lengths, formats, 0)));
}

/* right(text, int) is 3061, whose answer is text. */
static void show_function(void)
{
	int answer[8] = { 0 }, length = 0;

	begin();
	PGresult *result = PQfn(connection, 3061, answer, &length, 0, arguments, 2);
	is_armed = false;
	printf("PQfn: %.*s %s\n", length, (char *)answer,
	       PQresultStatus(result) == PGRES_COMMAND_OK ? "as it was"
							  : PQerrorMessage(connection));
	PQclear(result);
}

static void show_encoding(void)
{
	begin();
	strcpy(text, "LATIN1"); /* becomes one that no server knows */
	int r = PQsetClientEncoding(connection, text);
	is_armed = false;
	printf("PQsetClientEncoding: %d %s\n", r, PQparameterStatus(connection, "client_encoding"));
	PQsetClientEncoding(connection, "UTF8");
}

#define MANY  65535
#define LARGE ((size_t)64 << 20)

static char *large_value(void)
{
	char *value = malloc(LARGE + 1);

	memset(value, 'x', LARGE);
	value[LARGE] = '\0';
	return value;
}

static PGresult *lengths_of(int count, const char *const *given, const int *sizes, const int *forms)
{
	return PQexecParams(connection, "SELECT octet_length($1::bytea), $2::text, $3::text", count,
			    NULL, given, sizes, forms, 0);
}

static void show_odd_counts(void)
{
	static const char *many[MANY + 1];
	static Oid all_texts[MANY];
	static const int counts[] = { 0, -1, 1, MANY + 1 };
	PGresult *result;

	be_good();
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		show("count", lengths_of(counts[i], many, NULL, NULL));
		result = PQprepare(connection, "odd", "SELECT $1", counts[i], NULL);
		printf("prepare: %s %s\n", PQresStatus(PQresultStatus(result)),
		       PQerrorMessage(connection));
		PQclear(result);
		printf("send: %d",
		       PQsendQueryPrepared(connection, "odd", counts[i], many, NULL, NULL, 0));
		show("", await(1));
	}
	many[MANY - 1] = "last";
	for (int i = 0; i < MANY; i++)
		all_texts[i] = 25;
	show("many", PQexecParams(connection, "SELECT $65535, $1, $2", MANY, all_texts, many, NULL,
				  NULL, 0));
}

static void show_odd_values(void)
{
	const char *zeros[COUNT] = { "a\0b\0", "text", NULL };
	char *large = large_value();

	show("no arrays", lengths_of(COUNT, NULL, NULL, NULL));
	show("no formats", lengths_of(COUNT, zeros, (int[]){ 4, 9, 9 }, NULL));
	show("no lengths", lengths_of(COUNT, zeros, NULL, (int[]){ 0, 0, 0 }));
	show("no lengths, binary", lengths_of(COUNT, zeros, NULL, (int[]){ 1, 0, 0 }));
	show("zeros", lengths_of(COUNT, zeros, (int[]){ 4, 1, 1 }, (int[]){ 1, 0, 0 }));
	show("empty", lengths_of(COUNT, zeros, (int[]){ 0, 0, 0 }, (int[]){ 1, 1, 1 }));
	zeros[0] = large;
	show("large", lengths_of(COUNT, zeros, NULL, NULL));
	show("large, binary", lengths_of(COUNT, zeros, (int[]){ LARGE, 4, 0 }, (int[]){ 1, 1, 1 }));
	free(large);
}

static void show_call(int function, const PQArgBlock *given, int count)
{
	int answer[8] = { 0 }, length = -2;
	PGresult *result = PQfn(connection, function, answer, &length, 0, given, count);

	printf("function: %s %d %.*s\n", PQresStatus(PQresultStatus(result)), length,
	       length > 0 ? length : 0, (char *)answer);
	PQclear(result);
}

static void show_odd_calls(void)
{
	be_good();
	show_call(3061, arguments, 2);
	show_call(1610, NULL, 0);
	show_call(3061, arguments, 0);
	arguments[0].len = -1;
	show_call(3061, arguments, 2);
	arguments[0] = (PQArgBlock){ .len = 0 };
	show_call(3061, arguments, 2);
}

static void show_odd(void)
{
	show_odd_counts();
	show_odd_values();
	show_odd_calls();
}

static void let_grow_by(size_t bytes)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
	unsigned long pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	if (bytes && fscanf(file, "%lu", &pages) == 1)
		limit.rlim_cur = pages * 4096 + bytes;
	fclose(file);
	setrlimit(RLIMIT_AS, &limit);
}

static void show_full(void)
{
	char *large = large_value();
	const char *given[COUNT] = { large, "text", NULL };

	let_grow_by(LARGE / 2);
	show("full", lengths_of(COUNT, given, NULL, NULL));
	let_grow_by(0);
	show("again", lengths_of(COUNT, given, NULL, NULL));
	free(large);
}

static atomic_bool is_over;
static char brief[256] = "brief";
static char lengthy[256];

/* A pointer to texts of two lengths, and a format under which "1234" is 1234 or the smallint "12". */
static void *flip(void *nothing)
{
	const char *volatile *value = values;
	volatile int *format = formats;

	while (!is_over) {
		value[0] = lengthy;
		format[1] = 1;
		value[0] = brief;
		format[1] = 0;
	}
	return nothing;
}

static bool is_one_of(const char *text_, const char *one, const char *other)
{
	return strcmp(text_, one) == 0 || strcmp(text_, other) == 0;
}

static bool is_whole(const PGresult *result)
{
	return PQresultStatus(result) == PGRES_TUPLES_OK &&
	       is_one_of(PQgetvalue(result, 0, 0), brief, lengthy) &&
	       is_one_of(PQgetvalue(result, 0, 1), "1234", "12594");
}

static void flip_rounds(long rounds)
{
	pthread_t thread;
	long whole = 0, lengthy_ones = 0, torn = 0;

	be_good();
	memset(lengthy, 'x', sizeof(lengthy) - 1);
	values[0] = brief;
	values[1] = "1234";
	PQclear(PQprepare(connection, "p", query(), COUNT, types));
	pthread_create(&thread, NULL, flip, NULL);
	for (long i = 0; i < rounds; i++) {
		PGresult *result =
			PQexecPrepared(connection, "p", COUNT, values, lengths, formats, 0);

		if (!is_whole(result))
			torn++;
		else if (PQgetvalue(result, 0, 0)[0] == 'x')
			lengthy_ones++;
		else
			whole++;
		PQclear(result);
	}
	is_over = true;
	pthread_join(thread, NULL);
	printf("brief %ld lengthy %ld torn %ld\n", whole, lengthy_ones, torn);
}

static void show_asked(void)
{
	show_encoding();
	show_params();
	show_prepared();
	show_function();
	printf("asked: %s\n", times_asked >= 8 ? "each time" : "too seldom");
}

int main(int argc, char **argv)
{
	const char *way = argc > 1 ? argv[1] : "";

	connection = PQconnectdb("");
	if (argc > 2 && strcmp(way, "flip") == 0)
		flip_rounds(atol(argv[2]));
	else if (strcmp(way, "odd") == 0)
		show_odd();
	else if (strcmp(way, "full") == 0)
		show_full();
	else
		show_asked();
	PQfinish(connection);
	return 0;
}
