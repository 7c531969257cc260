/* SPDX-License-Identifier: MIT */
/* What was sent on a connection and has not been answered whole, in the order sent.  Outside
 * pipeline mode it is one call at most. */
#ifndef SHIM_LIBPQ_FLIGHTS_H
#define SHIM_LIBPQ_FLIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shim/gate/gate.h"
#include "shim/libpq/real.h"

/* Beyond it a call fails as if there were no memory.  A ring has room for fewer intents without
 * outcome. */
#define FLIGHTS_MAX (1u << 20)

enum flight_kind {
	FLIGHT_CALL,        /* was judged; its results are masked by its verdict */
	FLIGHT_DESCRIPTION, /* names and types; no rows */
	FLIGHT_SYNC,        /* PQpipelineSync: answered by one result, without a NULL behind it */
};

struct flight {
	enum flight_kind kind;
	struct verdict *verdict;     /* FLIGHT_CALL */
	struct gate_outcome outcome; /* filled as results pass */
	uint32_t statement;          /* number of the statement whose result comes next */
	bool is_refused;
	bool has_result;
	bool is_told; /* the error of its that the connection's message has is fit to be seen */
	bool is_over; /* what became of it is known, whether the program reads on or not */
};

struct flights { /* zeroed: none */
	struct flight *at;
	size_t first, count, capacity;
};

/* Makes room for one more; false without memory.  Done before anything is sent, so that nothing is
 * in flight that is not in here. */
must_use bool flights_reserve(struct flights *flights);

/* Adds one, for which room was made. */
void flights_push(struct flights *flights, const struct flight *flight);

/* The oldest flight, or NULL. */
struct flight *flights_front(struct flights *flights);

/* Ends a call that is not among the flights, or no longer. */
void flight_land(PGconn *conn, struct gate_connection *connection, struct flight *flight);

/* PQgetResult said NULL: the oldest flight has ended, if it had a result. */
void flights_answered(PGconn *conn, struct gate_connection *connection);

/* A Sync has been answered, and with it all that was sent before. */
void flights_synced(PGconn *conn, struct gate_connection *connection);

/* Ends all flights whose results nobody will read. */
void flights_abandon(PGconn *conn, struct gate_connection *connection);

/* Ends all, and frees. */
void flights_done(struct gate_connection *connection);

#endif
