/* SPDX-License-Identifier: MIT */
/* A libpq without a server: every statement is answered at once with one row of pgbench_accounts,
 * so that what a caller waits for is the cost of whoever stands before it. */
#include <stdlib.h>
#include <string.h>

#define EXPORTED __attribute__((visibility("default")))

#define ACCOUNTS_OID 16400u
#define INTEGER_OID  23u
#define TEXT_OID     25u

struct result {
	const char *const *rows;
	int row_count;
	unsigned table, type;
};

/* What the catalogue query of the agent would give for pgbench's accounts
 * (policy/engine/catalogue_query.c). */
static const char *const CATALOGUE[] = {
	"i 4711 f - - bench postgres postgres",
	"s 1 pg_catalog",
	"s 2 public",
	"r 16400 r public pgbench_accounts",
	"a 16400 1 23 0 0 aid",
	"a 16400 2 23 0 0 bid",
	"a 16400 3 23 0 0 abalance",
	"a 16400 4 1042 89 0 filler",
};
static const char *const BALANCE[] = { "-4711" };

static const struct result CATALOGUE_RESULT = { CATALOGUE, sizeof(CATALOGUE) / sizeof(CATALOGUE[0]),
						0, TEXT_OID };
static const struct result BALANCE_RESULT = { BALANCE, 1, ACCOUNTS_OID, INTEGER_OID };

static int connection; /* its address is the handle; there is nothing in it */

/* Declared as libpq-fe.h has them, with this file's own types behind the pointers. */
#define CALL(type, name, parameters, value)                                                        \
	EXPORTED type name parameters;                                                             \
	type name parameters                                                                       \
	{                                                                                          \
		return value;                                                                      \
	}

/* clang-format off */
CALL(void *, PQconnectdb, (const char *text), ((void)text, (void *)&connection))
CALL(int, PQstatus, (const void *c), ((void)c, 0))
CALL(int, PQtransactionStatus, (const void *c), ((void)c, 0))
CALL(int, PQisnonblocking, (const void *c), ((void)c, 0))
CALL(int, PQpipelineStatus, (const void *c), ((void)c, 0))
CALL(void *, PQsetNoticeReceiver, (void *c, void *receiver, void *argument), ((void)c, (void)receiver, (void)argument, NULL))
CALL(int, PQclientEncoding, (const void *c), ((void)c, 6))
CALL(int, PQsocket, (const void *c), ((void)c, -1))
CALL(int, PQbackendPID, (const void *c), ((void)c, 4711))
CALL(int, PQserverVersion, (const void *c), ((void)c, 150018))
CALL(int, PQlibVersion, (void), 150018)
CALL(void *, PQconninfo, (void *c), ((void)c, NULL))
CALL(const char *, PQdb, (const void *c), ((void)c, "bench"))
CALL(const char *, PQuser, (const void *c), ((void)c, "postgres"))
CALL(const char *, PQhost, (const void *c), ((void)c, "/tmp"))
CALL(const char *, PQhostaddr, (const void *c), ((void)c, ""))
CALL(const char *, PQport, (const void *c), ((void)c, "5432"))
CALL(const char *, PQoptions, (const void *c), ((void)c, ""))
CALL(int, PQresultStatus, (const void *r), ((void)r, 2))
CALL(int, PQntuples, (const struct result *r), r->row_count)
CALL(int, PQnfields, (const void *r), ((void)r, 1))
CALL(unsigned, PQftable, (const struct result *r, int f), ((void)f, r->table))
CALL(int, PQftablecol, (const void *r, int f), ((void)r, (void)f, 3))
CALL(unsigned, PQftype, (const struct result *r, int f), ((void)f, r->type))
CALL(int, PQfformat, (const void *r, int f), ((void)r, (void)f, 0))
CALL(int, PQfmod, (const void *r, int f), ((void)r, (void)f, -1))
CALL(int, PQgetisnull, (const void *r, int i, int f), ((void)r, (void)i, (void)f, 0))
CALL(const char *, PQgetvalue, (const struct result *r, int i, int f), ((void)f, r->rows[i]))
CALL(int, PQgetlength, (const struct result *r, int i, int f), ((void)f, (int)strlen(r->rows[i])))
CALL(int, PQsetvalue, (void *r, int i, int f, char *v, int l), ((void)r, (void)i, (void)f, (void)v, (void)l, 1))
CALL(size_t, PQresultMemorySize, (const void *r), ((void)r, 100))
CALL(const char *, PQcmdTuples, (const void *r), ((void)r, "1"))
CALL(const char *, PQresultErrorField, (const void *r, int f), ((void)r, (void)f, NULL))
/* clang-format on */

static char last_text[8192];

/* What the server got last. */
EXPORTED const char *null_libpq_text(void);
const char *null_libpq_text(void)
{
	return last_text;
}

EXPORTED const struct result *PQexec(void *c, const char *text);
const struct result *PQexec(void *c, const char *text)
{
	size_t length = strnlen(text, sizeof(last_text) - 1);

	(void)c;
	memcpy(last_text, text, length); /* the caller's goes with its verdict */
	last_text[length] = '\0';
	return strncmp(text, "SET", 3) == 0 ? &CATALOGUE_RESULT : &BALANCE_RESULT;
}

EXPORTED const char *PQparameterStatus(const void *c, const char *name);
const char *PQparameterStatus(const void *c, const char *name)
{
	(void)c;
	return strcmp(name, "client_encoding") == 0 ? "UTF8" : "on";
}

EXPORTED void PQconninfoFree(void *options);
void PQconninfoFree(void *options)
{
	(void)options;
}

EXPORTED void PQclear(void *result);
void PQclear(void *result)
{
	(void)result;
}

EXPORTED void PQfinish(void *c);
void PQfinish(void *c)
{
	(void)c;
}
