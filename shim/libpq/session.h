/* SPDX-License-Identifier: MIT */
/* What the shim keeps for each PGconn: its libpq, and the calls in flight. */
#ifndef SHIM_LIBPQ_SESSION_H
#define SHIM_LIBPQ_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shim/gate/gate.h"
#include "shim/libpq/copy.h"
#include "shim/libpq/real.h"

/* How much of what the server says about a call is hidden. */
enum hiding {
	HIDES_NOTHING,
	HIDES_FOUND,    /* texts in which detectors find something */
	HIDES_RAISED,   /* what functions say: masks are in force, and a trigger can read anything */
	HIDES_COMPUTED, /* and messages that can quote a value: of defaults and checks of rows that are written */
	HIDES_TEXTS,    /* all but what cannot quote a value (diagnosis.c) */
};

/* A call that was forwarded and whose results have not all been read. */
struct flight {
	struct verdict *verdict;
	struct gate_outcome outcome; /* filled as results pass */
	uint32_t statement;          /* number of the statement whose result comes next */
	bool is_refused;
	bool is_told;                /* the error of its that the connection's message has is fit to be seen */
	bool is_over;                /* what became of it is known, whether the program reads on or not */
};

enum hiding flight_hiding(const struct flight *flight);

/* Lives in the gate's connection (gate_state). */
struct session {
	const struct instance *instance;
	struct flight *flights; /* in the order sent; more than one in pipeline mode only */
	size_t first, count, capacity;
	struct buf name; /* the prepared statement's name in the call that is being made */
	struct copy copy; /* of the oldest flight */
	bool is_learning;
	bool is_masked;            /* a plan checked origins: masks are in force */
	detector_set wanted;       /* of all plans; what is looked for in texts */
	enum hiding hiding;        /* of the call being made; after a longjmp out of one, until the next */
	bool is_receiving;         /* our notice receiver is in place; the program's: */
	PQnoticeReceiver receiver; /* NULL: notices are dropped */
	void *receiver_argument;
	int encoding;              /* of the client, as libpq numbers it, */
	char encoding_name[24];    /* and what the server calls it */
};

/* The connection of `conn`, made known now if libpq made it where no stand-in saw it.  NULL: it is not connected, or
 * there is no room for it. */
struct gate_connection *session_of(PGconn *conn, const struct instance *instance);

/* Makes a connected `conn` known; what was known under the same pointer is forgotten. */
void session_start(PGconn *conn, const struct instance *instance);
void session_end(const PGconn *conn);

/* Runs the agent's query if it wants one and the connection is idle, outside a transaction and a pipeline. */
void session_learn(PGconn *conn, struct gate_connection *connection);

/* What the server reported last.  Its texts belong to libpq and to the session; they count until the next call. */
struct gate_settings session_settings(struct session *session, const PGconn *conn);

/* Notes in the outcome how the server stands after the statement, where somebody wants to know. */
void session_note_state(struct session *session, const PGconn *conn, struct flight *flight);

/* What to hide of a notice that comes now, and of the connection's message. */
enum hiding session_hiding(const struct session *session);

/* Adds a flight; false without memory. */
bool flights_push(struct session *session, const struct flight *flight);

/* The oldest flight, or NULL. */
struct flight *flights_front(struct session *session);

/* Ends the oldest flight: its outcome is recorded and told. */
void flights_land(PGconn *conn, struct gate_connection *connection);

/* Ends all flights whose results nobody will read. */
void flights_abandon(PGconn *conn, struct gate_connection *connection);

#endif
