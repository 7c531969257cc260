/* SPDX-License-Identifier: MIT */
/* The calls by which connections come and go. */
#include "shim/libpq/notice.h"
#include "shim/libpq/origin.h"
#include "shim/preload/guard.h"

static PGconn *connected(PGconn *conn, const struct origin *origin)
{
	if (conn && !origin->is_internal && REAL(origin->instance, PQstatus)(conn) == CONNECTION_OK)
		session_start(conn, origin->instance);
	return conn;
}

static PostgresPollingStatusType polled(PGconn *conn, const struct origin *origin,
					PostgresPollingStatusType status)
{
	if (status == PGRES_POLLING_OK && !origin->is_internal && !origin->connection)
		session_start(conn, origin->instance);
	return status;
}

/* A call that makes a connection and waits for it, or fails. */
#define CONNECTING(name, parameters, forwarded)                                                    \
	STAND_IN PGconn *name parameters                                                           \
	{                                                                                          \
		struct origin origin = origin_of(NULL, CALLER_ADDRESS());                          \
		if (!origin.instance)                                                              \
			return NULL;                                                               \
		return connected(REAL(origin.instance, name) forwarded, &origin);                  \
	}

/* A call that polls a connection being made. */
#define POLLING(name)                                                                              \
	STAND_IN PostgresPollingStatusType name(PGconn *conn)                                      \
	{                                                                                          \
		struct origin origin = origin_of(conn, CALLER_ADDRESS());                          \
		if (!origin.instance)                                                              \
			return PGRES_POLLING_FAILED;                                               \
		return polled(conn, &origin, REAL(origin.instance, name)(conn));                   \
	}

/* clang-format off */
CONNECTING(PQconnectdb, (const char *conninfo), (conninfo))
CONNECTING(PQconnectdbParams, (const char *const *keywords, const char *const *values, int expand_dbname),
	(keywords, values, expand_dbname))
CONNECTING(PQsetdbLogin,
	(const char *pghost, const char *pgport, const char *pgoptions, const char *pgtty, const char *dbName,
	 const char *login, const char *pwd),
	(pghost, pgport, pgoptions, pgtty, dbName, login, pwd))
CONNECTING(PQconnectStart, (const char *conninfo), (conninfo))
CONNECTING(PQconnectStartParams, (const char *const *keywords, const char *const *values, int expand_dbname),
	(keywords, values, expand_dbname))
POLLING(PQconnectPoll)
POLLING(PQresetPoll)
/* clang-format on */

static void end(PGconn *conn, const struct origin *origin)
{
	KEEP_ERRNO;

	if (origin->is_internal)
		return;
	notice_end(conn, origin->session);
	session_end(conn);
}

STAND_IN void PQfinish(PGconn *conn)
{
	struct origin origin = origin_of(conn, CALLER_ADDRESS());

	if (!origin.instance)
		return;
	end(conn, &origin);
	notice_forget(conn);
	REAL(origin.instance, PQfinish)(conn);
}

STAND_IN void PQreset(PGconn *conn)
{
	struct origin origin = origin_of(conn, CALLER_ADDRESS());

	if (!origin.instance)
		return;
	end(conn, &origin);
	REAL(origin.instance, PQreset)(conn);
	connected(conn, &origin);
}

STAND_IN int PQresetStart(PGconn *conn)
{
	struct origin origin = origin_of(conn, CALLER_ADDRESS());

	if (!origin.instance)
		return 0;
	end(conn, &origin);
	return REAL(origin.instance, PQresetStart)(conn);
}
