/* SPDX-License-Identifier: MIT */
/* Calls that send no statement, but are answered among those that do: syncs of a pipeline, and
 * descriptions.
 *
 * A description runs nothing and shows names and types, never a value, so it needs no verdict. */
#include "shim/libpq/origin.h"
#include "shim/preload/guard.h"

/* Of a call that will be among the flights: its instance is NULL without room for it. */
static struct origin origin_of_flight(PGconn *conn, const void *caller)
{
	KEEP_ERRNO;
	struct origin origin = origin_joined(conn, caller);

	if (origin.session && !flights_reserve(&origin.session->flights))
		origin.instance = NULL;
	return origin;
}

static int sent(const struct origin *origin, PGconn *conn, enum flight_kind kind, int answer)
{
	KEEP_ERRNO;

	if (!origin->connection || !answer)
		return answer;
	if (!session_is_pipelined(origin->instance, conn))
		flights_abandon(conn, origin->connection);
	flights_push(&origin->session->flights, &(struct flight){ .kind = kind });
	return answer;
}

/* What was in flight has been thrown away by libpq. */
static PGresult *waited(const struct origin *origin, PGconn *conn, PGresult *result)
{
	KEEP_ERRNO;

	if (origin->connection && result && !session_is_pipelined(origin->instance, conn))
		flights_abandon(conn, origin->connection);
	return result;
}

#define FLYING(kind, name, parameters, forwarded)                                                  \
	STAND_IN int name parameters                                                               \
	{                                                                                          \
		struct origin origin = origin_of_flight(conn, CALLER_ADDRESS());                   \
		if (!origin.instance || !instance_function(origin.instance, LIBPQ_##name))         \
			return 0;                                                                  \
		return sent(&origin, conn, kind, REAL(origin.instance, name) forwarded);           \
	}

#define WAITING(name, parameters, forwarded)                                                       \
	STAND_IN PGresult *name parameters                                                         \
	{                                                                                          \
		struct origin origin = origin_joined(conn, CALLER_ADDRESS());                      \
		if (!origin.instance)                                                              \
			return NULL;                                                               \
		return waited(&origin, conn, REAL(origin.instance, name) forwarded);               \
	}

/* clang-format off */
FLYING(FLIGHT_SYNC, PQpipelineSync, (PGconn *conn), (conn))
FLYING(FLIGHT_SYNC, PQsendPipelineSync, (PGconn *conn), (conn))
FLYING(FLIGHT_DESCRIPTION, PQsendDescribePrepared, (PGconn *conn, const char *stmt), (conn, stmt))
FLYING(FLIGHT_DESCRIPTION, PQsendDescribePortal, (PGconn *conn, const char *portal), (conn, portal))
WAITING(PQdescribePrepared, (PGconn *conn, const char *stmt), (conn, stmt))
WAITING(PQdescribePortal, (PGconn *conn, const char *portal), (conn, portal))
/* clang-format on */

STAND_IN int PQexitPipelineMode(PGconn *conn)
{
	struct origin origin = origin_joined(conn, CALLER_ADDRESS());

	if (!origin.instance || !instance_function(origin.instance, LIBPQ_PQexitPipelineMode))
		return 0;
	int answer = REAL(origin.instance, PQexitPipelineMode)(conn);
	if (answer && origin.connection)
		flights_synced(conn, origin.connection);
	return answer;
}
