/* SPDX-License-Identifier: MIT */
/* What the program can read of a connection besides results: its error message, which has the
 * server's words before the result is handed over, and notifications. */
#include "shim/libpq/diagnosis.h"
#include "shim/preload/guard.h"

/* Never written to: libpq says that its error messages are not to be changed. */
static char HIDDEN_MESSAGE[] = "ERROR:  [redacted] (its result has not been read)\n";

/* The instance for a call on `conn`, and its session when the call does not come from libpq itself.
 */
static const struct instance *find(const PGconn *conn, const void *caller,
				   struct session **ret_session)
{
	const struct instance *instance = instance_of_address(&libpq_driver, caller);
	struct gate_connection *connection = instance ? NULL : gate_find(conn);

	*ret_session = connection ? gate_state(connection) : NULL;
	if (*ret_session)
		return (*ret_session)->instance;
	return instance ? instance : instance_for_caller(&libpq_driver, caller);
}

static bool is_hidden(const struct session *session, const char *text)
{
	return session && session_hiding(session) != HIDES_NOTHING && diagnosis_may_quote(text);
}

/* libpq writes the message when it takes the error from the stream, in PQisBusy for one. */
STAND_IN char *PQerrorMessage(const PGconn *conn)
{
	struct session *session;
	const struct instance *instance = find(conn, CALLER_ADDRESS(), &session);

	if (!instance)
		return HIDDEN_MESSAGE + sizeof(HIDDEN_MESSAGE) - 1;
	char *text = REAL(instance, PQerrorMessage)(conn);
	return is_hidden(session, text) ? HIDDEN_MESSAGE : text;
}

/* An error result made by the program has a copy of the connection's message. */
STAND_IN PGresult *PQmakeEmptyPGresult(PGconn *conn, ExecStatusType status)
{
	struct session *session;
	const struct instance *instance = find(conn, CALLER_ADDRESS(), &session);

	if (!instance)
		return NULL;
	PGresult *result = REAL(instance, PQmakeEmptyPGresult)(conn, status);
	char *text = REAL(instance, PQresultErrorMessage)(result);

	if (is_hidden(session, text))
		memset(text, 0, strlen(text));
	return result;
}

/* Any session, and any trigger, may have put any value into the payload: under masks it is one of
 * unknown origin. */
STAND_IN PGnotify *PQnotifies(PGconn *conn)
{
	struct session *session;
	const struct instance *instance = find(conn, CALLER_ADDRESS(), &session);

	if (!instance)
		return NULL;
	PGnotify *notify = REAL(instance, PQnotifies)(conn);

	if (notify && session && (session->is_masked || diagnosis_finds(session, notify->extra)))
		diagnosis_hide(notify->extra);
	return notify;
}
