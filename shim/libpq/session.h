/* SPDX-License-Identifier: MIT */
/* What the shim keeps for each PGconn: its libpq, and the calls in flight. */
#ifndef SHIM_LIBPQ_SESSION_H
#define SHIM_LIBPQ_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shim/gate/gate.h"
#include "shim/libpq/binds.h"
#include "shim/libpq/copy.h"
#include "shim/libpq/flights.h"
#include "shim/libpq/real.h"

/* How much of what the server says about a call is hidden. */
enum hiding {
	HIDES_NOTHING,
	HIDES_FOUND,  /* texts in which detectors find something */
	HIDES_RAISED, /* what functions say: masks are in force, and a trigger can read anything */
	/* and messages that can quote a value: of defaults and checks of rows that are written */
	HIDES_COMPUTED,
	HIDES_TEXTS, /* all but what cannot quote a value (diagnosis.c) */
};

enum hiding flight_hiding(const struct flight *flight);

/* Lives in the gate's connection (gate_state). */
struct session {
	const struct instance *instance;
	struct flights flights;
	struct buf name;         /* the prepared statement's name in the call that is being made */
	struct binds_room binds; /* and what it binds */
	struct copy copy;        /* of the oldest flight */
	bool is_learning;
	/* a flight ended in a pipeline, of which the agent awaits how the server stands */
	bool is_unsettled;
	/* the unnamed prepared statement is not what was judged last as such */
	bool is_unnamed_replaced;
	bool is_masked;      /* a plan checked origins: masks are in force */
	detector_set wanted; /* of all plans; what is looked for in texts */
	enum hiding hiding; /* of the call being made; after a longjmp out of one, until the next */
	bool is_receiving;  /* our notice receiver is in place; the program's: */
	PQnoticeReceiver receiver; /* NULL: notices are dropped */
	void *receiver_argument;
	int encoding;           /* of the client, as libpq numbers it, */
	char encoding_name[24]; /* and what the server calls it */
};

static inline struct session *session_at(struct gate_connection *connection)
{
	return gate_state(connection);
}

/* Makes a `conn` known which libpq made where no stand-in saw it.  NULL: it is not connected, or
 * there is no room for it. */
struct gate_connection *session_join(PGconn *conn, const struct instance *instance);

/* Makes a connected `conn` known; what was known under the same pointer is forgotten. */
void session_start(PGconn *conn, const struct instance *instance);
void session_end(const PGconn *conn);

/* Runs the agent's query if it wants one, outside a pipeline: GATE_CATALOGUE's while the connection is
 * idle, GATE_OWN_TABLES' in an open transaction, which stays as it is whatever becomes of the query. */
void session_learn(PGconn *conn, struct gate_connection *connection, enum gate_lesson lesson);

/* What the server reported last.  Its texts belong to libpq and to the session; they count until
 * the next call. */
struct gate_settings session_settings(struct session *session, const PGconn *conn);

bool session_is_pipelined(const struct instance *instance, const PGconn *conn);

/* What is to be found in texts under `plan`, with the session's keys. */
struct mask_search session_search(struct gate_connection *connection, const struct plan *plan);

/* What to hide of a notice that comes now, and of the connection's message. */
enum hiding session_hiding(const struct session *session);

/* What to hide of an error that is no call's: the commit behind a Sync checks what any call before
 * it wrote. */
enum hiding session_hiding_unexplained(const struct session *session);

#endif
