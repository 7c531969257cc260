/* SPDX-License-Identifier: MIT */
/* Flights take off in the order in which libpq is asked, and land in the order in which it
 * answers. */
#include "shim/libpq/flights.h"

#include <stdlib.h>

#include "shim/libpq/session.h"

bool flights_reserve(struct flights *flights)
{
	if (flights->count == 0)
		flights->first = 0;
	if (flights->first + flights->count < flights->capacity)
		return true;
	if (flights->count >= FLIGHTS_MAX)
		return false;
	size_t capacity = flights->count < 2 ? 4 : flights->count * 2;
	struct flight *at = calloc(capacity, sizeof(*at));

	if (!at)
		return false;
	if (flights->count > 0)
		memcpy(at, flights->at + flights->first, flights->count * sizeof(*at));
	free(flights->at);
	*flights = (struct flights){ at, 0, flights->count, capacity };
	return true;
}

void flights_push(struct flights *flights, const struct flight *flight)
{
	flights->at[flights->first + flights->count++] = *flight;
}

struct flight *flights_front(struct flights *flights)
{
	return flights->count > 0 ? &flights->at[flights->first] : NULL;
}

static struct flight take_front(struct flights *flights)
{
	struct flight flight = *flights_front(flights);

	flights->first++;
	flights->count--;
	return flight;
}

/* How the server stands behind the call, where somebody wants to know.  In a pipeline it has not
 * said so yet. */
static void note_state(struct session *session, const PGconn *conn, struct flight *flight)
{
	struct gate_outcome *outcome = &flight->outcome;

	if (!verdict_reports_outcome(flight->verdict))
		return;
	outcome->transaction = (uint8_t)REAL(session->instance, PQtransactionStatus)(conn);
	outcome->settings = session_settings(session, conn);
	if (outcome->stage == MESSAGE_STAGE_SETTLED &&
	    session_is_pipelined(session->instance, conn)) {
		outcome->stage = MESSAGE_STAGE_ENDED;
		session->is_unsettled = true;
	}
}

static void settle(PGconn *conn, struct gate_connection *connection)
{
	struct session *session = gate_state(connection);
	const struct instance *instance = session->instance;

	if (!session->is_unsettled)
		return;
	struct gate_settings settings = session_settings(session, conn);
	session->is_unsettled = false;
	gate_settled(connection, (uint8_t)REAL(instance, PQtransactionStatus)(conn), &settings);
}

void flight_land(PGconn *conn, struct gate_connection *connection, struct flight *flight)
{
	struct session *session = gate_state(connection);

	if (flight->kind != FLIGHT_CALL)
		return;
	if (!conn) {
		flight->outcome.is_lost |= !flight->is_over;
	} else {
		note_state(session, conn, flight);
		if (REAL(session->instance, PQstatus)(conn) != CONNECTION_OK)
			flight->outcome.status = RING_STATUS_CONNECTION;
	}
	gate_done(connection, flight->verdict, &flight->outcome);
	verdict_unref(flight->verdict);
	if (conn && session->is_unsettled && !session_is_pipelined(session->instance, conn))
		settle(conn, connection);
}

static void land_front(PGconn *conn, struct gate_connection *connection, bool is_lost)
{
	struct session *session = gate_state(connection);
	struct flight flight = take_front(&session->flights);

	flight.outcome.is_lost |= is_lost && !flight.is_over;
	copy_drop(&session->copy);
	flight_land(conn, connection, &flight);
}

/* In a pipeline libpq says NULL too when there is nothing to wait for, which ends no flight. */
void flights_answered(PGconn *conn, struct gate_connection *connection)
{
	struct session *session = gate_state(connection);
	const struct flight *flight = flights_front(&session->flights);

	if (!flight)
		return;
	if (flight->has_result || !session_is_pipelined(session->instance, conn))
		land_front(conn, connection, false);
	if (REAL(session->instance, PQstatus)(conn) != CONNECTION_OK)
		flights_abandon(conn, connection);
}

void flights_synced(PGconn *conn, struct gate_connection *connection)
{
	struct session *session = gate_state(connection);
	bool is_sync = false;

	while (session->flights.count > 0 && !is_sync) {
		is_sync = flights_front(&session->flights)->kind == FLIGHT_SYNC;
		land_front(conn, connection, true);
	}
	settle(conn, connection);
}

void flights_abandon(PGconn *conn, struct gate_connection *connection)
{
	struct session *session = gate_state(connection);

	while (session->flights.count > 0)
		land_front(conn, connection, true);
}

void flights_done(struct gate_connection *connection)
{
	struct session *session = gate_state(connection);

	flights_abandon(NULL, connection);
	free(session->flights.at);
	session->flights = (struct flights){ 0 };
}
