/* SPDX-License-Identifier: MIT */
/* What the program can read of a connection besides results: its error message, which has the
 * server's words before the result is handed over, and notifications. */
#include "shim/libpq/diagnosis.h"
#include "shim/libpq/origin.h"
#include "shim/preload/guard.h"

/* Never written to: libpq says that its error messages are not to be changed. */
static char HIDDEN_MESSAGE[] = "ERROR:  [redacted] (its result has not been read)\n";

static bool is_hidden(const struct session *session, const char *text)
{
	return session && session_hiding(session) != HIDES_NOTHING && diagnosis_may_quote(text);
}

/* libpq writes the message when it takes the error from the stream, in PQisBusy for one. */
STAND_IN char *PQerrorMessage(const PGconn *conn)
{
	struct origin origin = origin_of(conn, CALLER_ADDRESS());

	if (!origin.instance)
		return HIDDEN_MESSAGE + sizeof(HIDDEN_MESSAGE) - 1;
	char *text = REAL(origin.instance, PQerrorMessage)(conn);
	return is_hidden(origin.session, text) ? HIDDEN_MESSAGE : text;
}

/* An error result made by the program has a copy of the connection's message. */
STAND_IN PGresult *PQmakeEmptyPGresult(PGconn *conn, ExecStatusType status)
{
	struct origin origin = origin_of(conn, CALLER_ADDRESS());

	if (!origin.instance)
		return NULL;
	PGresult *result = REAL(origin.instance, PQmakeEmptyPGresult)(conn, status);
	char *text = REAL(origin.instance, PQresultErrorMessage)(result);

	if (is_hidden(origin.session, text))
		memset(text, 0, strlen(text));
	return result;
}

/* Any session, and any trigger, may have put any value into the payload: under masks it is one of
 * unknown origin. */
STAND_IN PGnotify *PQnotifies(PGconn *conn)
{
	struct origin origin = origin_of(conn, CALLER_ADDRESS());

	if (!origin.instance)
		return NULL;
	const struct session *session = origin.session;
	PGnotify *notify = REAL(origin.instance, PQnotifies)(conn);

	if (notify && session && (session->is_masked || diagnosis_finds(session, notify->extra)))
		diagnosis_hide(notify->extra);
	return notify;
}
