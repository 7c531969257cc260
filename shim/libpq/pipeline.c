/* SPDX-License-Identifier: MIT */
/* Calls that send no statement, but are answered among those that do: syncs of a pipeline, and
 * descriptions.
 *
 * A description runs nothing and shows names and types, never a value, so it needs no verdict. */
#include "shim/libpq/submit.h"

#include "shim/preload/guard.h"

/* A call on its way past the flights. */
struct passage {
	const struct instance *instance;    /* NULL: it cannot be made */
	struct gate_connection *connection; /* NULL: libpq's own call, or there is none */
};

static struct passage passage_of(PGconn *conn, const void *caller)
{
	KEEP_ERRNO;
	struct passage passage = { instance_of_address(&libpq_driver, caller), NULL };

	if (passage.instance)
		return passage;
	passage.connection = gate_find(conn);
	if (passage.connection)
		passage.instance =
			((const struct session *)gate_state(passage.connection))->instance;
	else
		passage.instance = instance_for_caller(&libpq_driver, caller);
	if (!passage.connection && passage.instance && conn)
		passage.connection = session_of(conn, passage.instance);
	return passage;
}

/* The same, with room for its flight. */
static struct passage passage_of_flight(PGconn *conn, const void *caller)
{
	KEEP_ERRNO;
	struct passage passage = passage_of(conn, caller);

	if (passage.connection &&
	    !flights_reserve(&((struct session *)gate_state(passage.connection))->flights))
		passage.instance = NULL;
	return passage;
}

static int sent(const struct passage *passage, PGconn *conn, enum flight_kind kind, int answer)
{
	KEEP_ERRNO;

	if (!passage->connection || !answer)
		return answer;
	if (!session_is_pipelined(passage->instance, conn))
		flights_abandon(conn, passage->connection);
	flights_push(&((struct session *)gate_state(passage->connection))->flights,
		     &(struct flight){ .kind = kind });
	return answer;
}

/* What was in flight has been thrown away by libpq. */
static PGresult *waited(const struct passage *passage, PGconn *conn, PGresult *result)
{
	KEEP_ERRNO;

	if (passage->connection && result && !session_is_pipelined(passage->instance, conn))
		flights_abandon(conn, passage->connection);
	return result;
}

#define FLYING(kind, name, parameters, forwarded)                                                  \
	STAND_IN int name parameters                                                               \
	{                                                                                          \
		struct passage passage = passage_of_flight(conn, CALLER_ADDRESS());                \
		if (!passage.instance || !instance_function(passage.instance, LIBPQ_##name))       \
			return 0;                                                                  \
		return sent(&passage, conn, kind, REAL(passage.instance, name) forwarded);         \
	}

#define WAITING(name, parameters, forwarded)                                                       \
	STAND_IN PGresult *name parameters                                                         \
	{                                                                                          \
		struct passage passage = passage_of(conn, CALLER_ADDRESS());                       \
		if (!passage.instance)                                                             \
			return NULL;                                                               \
		return waited(&passage, conn, REAL(passage.instance, name) forwarded);             \
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
	struct passage passage = passage_of(conn, CALLER_ADDRESS());

	if (!passage.instance || !instance_function(passage.instance, LIBPQ_PQexitPipelineMode))
		return 0;
	int answer = REAL(passage.instance, PQexitPipelineMode)(conn);
	if (answer && passage.connection)
		flights_synced(conn, passage.connection);
	return answer;
}
