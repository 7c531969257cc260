/* SPDX-License-Identifier: MIT */
/* PQgetResult: where the results of calls in flight reach the program. */
#include "shim/libpq/diagnosis.h"
#include "shim/libpq/origin.h"
#include "shim/libpq/result.h"
#include "shim/preload/guard.h"

/* A result that no flight explains, under a policy that restricts: no row of it may be read, and no
 * value that an error quotes, as one raised by the commit behind a Sync. */
static PGresult *unexplained(PGconn *conn, struct gate_connection *connection, PGresult *result)
{
	const struct session *session = gate_state(connection);
	const struct instance *instance = session->instance;
	bool is_error = REAL(instance, PQresultStatus)(result) == PGRES_FATAL_ERROR;

	if ((REAL(instance, PQntuples)(result) == 0 && !is_error) ||
	    gate_allows_everything(connection))
		return result;
	if (is_error) {
		diagnosis_pass(conn, session, result, session_hiding_unexplained(session));
		return result;
	}
	gate_note(connection, "rows without a statement were withheld");
	REAL(instance, PQclear)(result);
	return REAL(instance, PQmakeEmptyPGresult)(conn, PGRES_FATAL_ERROR);
}

static PGresult *pass(PGconn *conn, struct gate_connection *connection, PGresult *result)
{
	KEEP_ERRNO;
	struct session *session = gate_state(connection);
	struct flight *flight = flights_front(&session->flights);

	if (!result) {
		flights_answered(conn, connection);
		return NULL;
	}
	if (REAL(session->instance, PQresultStatus)(result) == PGRES_PIPELINE_SYNC) {
		flights_synced(conn, connection);
		return result;
	}
	if (flight && flight->kind == FLIGHT_CALL)
		return result_pass(conn, connection, flight, result);
	if (flight)
		flight->has_result = flight->kind == FLIGHT_DESCRIPTION;
	result = unexplained(conn, connection, result);
	if (flight)
		flight->is_told =
			REAL(session->instance, PQresultStatus)(result) == PGRES_FATAL_ERROR;
	return result;
}

STAND_IN PGresult *PQgetResult(PGconn *conn)
{
	struct origin origin = origin_of(conn, CALLER_ADDRESS());

	if (!origin.instance)
		return NULL;
	PGresult *result = REAL(origin.instance, PQgetResult)(conn);
	return origin.connection ? pass(conn, origin.connection, result) : result;
}
