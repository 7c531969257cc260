/* SPDX-License-Identifier: MIT */
/* PQgetResult: where the results of calls in flight reach the program. */
#include "shim/libpq/result.h"
#include "shim/preload/guard.h"

/* A result that no flight explains, under a policy that restricts: nothing of it may be read. */
static PGresult *unexplained(PGconn *conn, struct gate_connection *connection, PGresult *result)
{
	const struct session *session = gate_state(connection);

	if (REAL(session->instance, PQntuples)(result) == 0 || gate_allows_everything(connection))
		return result;
	gate_note(connection, "rows without a statement were withheld");
	REAL(session->instance, PQclear)(result);
	return REAL(session->instance, PQmakeEmptyPGresult)(conn, PGRES_FATAL_ERROR);
}

static PGresult *pass(PGconn *conn, struct gate_connection *connection, PGresult *result)
{
	KEEP_ERRNO;
	struct session *session = gate_state(connection);
	struct flight *flight = flights_front(session);

	if (!result) { /* the end of this statement's results */
		if (flight)
			flights_land(conn, connection);
		return NULL;
	}
	if (instance_function(session->instance, LIBPQ_PQpipelineStatus) &&
	    REAL(session->instance, PQresultStatus)(result) == PGRES_PIPELINE_SYNC)
		return result;
	if (!flight)
		return unexplained(conn, connection, result);
	return result_pass(conn, connection, flight, result);
}

STAND_IN PGresult *PQgetResult(PGconn *conn)
{
	const struct instance *instance = instance_of_address(&libpq_driver, CALLER_ADDRESS());

	if (instance)
		return REAL(instance, PQgetResult)(conn);
	struct gate_connection *connection = gate_find(conn);
	if (connection)
		return pass(conn, connection,
			    REAL(((const struct session *)gate_state(connection))->instance, PQgetResult)(conn));
	instance = instance_for_caller(&libpq_driver, CALLER_ADDRESS());
	return instance ? REAL(instance, PQgetResult)(conn) : NULL;
}
