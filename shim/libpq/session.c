/* SPDX-License-Identifier: MIT */
/* Per-connection state: introduction to the gate, learning, flights. */
#include "shim/libpq/session.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/address.h"
#include "common/socket.h"
#include "shim/libpq/notice.h"
#include "shim/preload/guard.h"

/* pg_wchar.h of PostgreSQL: the encodings a server can have, all of which keep ASCII bytes for
 * ASCII, are numbered up to KOI8U; the client-only ones behind it (SJIS, BIG5, GBK, UHC, GB18030,
 * JOHAB, SHIFT_JIS_2004) do not. */
#define ENCODING_SQL_ASCII   0
#define ENCODING_SERVER_LAST 34

#define SESSION_NAME_MAX (1 * MIB)

/* libpq looks a name up by walking a list, so it is asked for the encoding's only when the number
 * changes.  The number SQL_ASCII also stands for all names that libpq does not know
 * (pqSaveParameterStatus in fe-exec.c). */
static struct slice encoding_name(struct session *session, const PGconn *conn, int encoding)
{
	if (encoding == ENCODING_SQL_ASCII || encoding != session->encoding) {
		const char *name =
			REAL(session->instance, PQparameterStatus)(conn, "client_encoding");

		session->encoding = encoding;
		snprintf(session->encoding_name, sizeof(session->encoding_name), "%s",
			 name ? name : "");
	}
	return slice_of(session->encoding_name);
}

struct gate_settings session_settings(struct session *session, const PGconn *conn)
{
	const struct instance *instance = session->instance;
	int encoding = REAL(instance, PQclientEncoding)(conn);

	return (struct gate_settings){
		.standard_conforming_strings = slice_of(
			REAL(instance, PQparameterStatus)(conn, "standard_conforming_strings")),
		.client_encoding = encoding_name(session, conn, encoding),
		.is_ascii_safe = encoding >= 0 && encoding <= ENCODING_SERVER_LAST,
	};
}

/* The values of `replication` (manual, 34.1.2) that ask for none. */
static bool is_no(const char *value)
{
	static const char *const NO[] = { "", "false", "off", "no", "0" };

	for (size_t i = 0; i < COUNT_OF(NO); i++) {
		if (strcmp(value, NO[i]) == 0)
			return true;
	}
	return false;
}

static void read_replication(const struct instance *instance, PGconn *conn,
			     struct message_connect *connect)
{
	PQconninfoOption *options = REAL(instance, PQconninfo)(conn);

	for (const PQconninfoOption *option = options; option && option->keyword; option++) {
		if (strcmp(option->keyword, "replication") != 0 || !option->val ||
		    is_no(option->val))
			continue;
		connect->is_replication = true;
		connect->is_physical = strcmp(option->val, "database") != 0;
	}
	REAL(instance, PQconninfoFree)(options);
}

static struct gate_connection *open_gate(PGconn *conn, const struct instance *instance,
					 bool is_used)
{
	struct session first = { .instance = instance };
	struct gate_settings settings = session_settings(&first, conn);
	int version = REAL(instance, PQlibVersion)();
	char client[32], peer[ADDRESS_TEXT_MAX];
	struct message_connect connect = {
		.host = slice_of(REAL(instance, PQhost)(conn)),
		.host_address = slice_of(REAL(instance, PQhostaddr)(conn)),
		.port = slice_of(REAL(instance, PQport)(conn)),
		.database = slice_of(REAL(instance, PQdb)(conn)),
		.user = slice_of(REAL(instance, PQuser)(conn)),
		.options = slice_of(REAL(instance, PQoptions)(conn)),
		.standard_conforming_strings = settings.standard_conforming_strings,
		.client_encoding = settings.client_encoding,
		.is_used = is_used,
		.backend_pid = REAL(instance, PQbackendPID)(conn),
		.server_version = (uint32_t)REAL(instance, PQserverVersion)(conn),
	};

	if (address_of_peer(REAL(instance, PQsocket)(conn), peer, sizeof(peer)) == 0)
		connect.peer = slice_of(peer);
	read_replication(instance, conn, &connect);
	snprintf(client, sizeof(client), "libpq %d.%d", version / 10000, version % 10000);
	return gate_open(conn, &connect, slice_of(client), sizeof(struct session));
}

static void start(PGconn *conn, const struct instance *instance, bool is_used)
{
	KEEP_ERRNO;

	session_end(conn);
	struct gate_connection *connection = open_gate(conn, instance, is_used);
	if (!connection)
		return;
	struct session *session = gate_state(connection);
	session->instance = instance;
	session->is_unnamed_replaced = is_used;
	session->name = (struct buf)BUF_MAX(SESSION_NAME_MAX);
	notice_start(conn, session);
	session_learn(conn, connection, GATE_CATALOGUE);
}

void session_start(PGconn *conn, const struct instance *instance)
{
	start(conn, instance, false);
}

void session_end(const PGconn *conn)
{
	struct gate_connection *connection = gate_find(conn);

	if (!connection)
		return;
	struct session *session = gate_state(connection);
	flights_done(connection);
	buf_done(&session->name);
	binds_done(&session->binds);
	gate_close(conn);
}

struct gate_connection *session_join(PGconn *conn, const struct instance *instance)
{
	if (REAL(instance, PQstatus)(conn) != CONNECTION_OK)
		return NULL;
	start(conn, instance, true);
	return gate_find(conn);
}

bool session_is_pipelined(const struct instance *instance, const PGconn *conn)
{
	return instance_function(instance, LIBPQ_PQpipelineStatus) &&
	       REAL(instance, PQpipelineStatus)(conn) != PQ_PIPELINE_OFF;
}

static bool is_at_rest(const struct session *session, const PGconn *conn,
		       PGTransactionStatusType transaction)
{
	const struct instance *instance = session->instance;

	return session->flights.count == 0 && !session->is_learning &&
	       REAL(instance, PQtransactionStatus)(conn) == transaction &&
	       !session_is_pipelined(instance, conn);
}

static void hand_over(struct gate_connection *connection, const struct instance *instance,
		      enum gate_lesson lesson, const PGresult *result)
{
	struct buf rows = BUF_MAX(PACKET_BODY_MAX);
	int count = REAL(instance, PQntuples)(result);
	bool failed = REAL(instance, PQresultStatus)(result) != PGRES_TUPLES_OK;

	for (int row = 0; row < count; row++) {
		const char *text = REAL(instance, PQgetvalue)(result, row, 0);

		buf_add_wire_text(&rows, (struct slice){ text, (size_t)REAL(instance, PQgetlength)(
								       result, row, 0) });
	}
	gate_learned(connection, lesson, failed || rows.failed, (uint32_t)count, buf_view(&rows));
	buf_done(&rows);
}

/* Sends what the program did not ask for.  NULL: it was not sent. */
static PGresult *ask_server(PGconn *conn, struct gate_connection *connection, const char *text)
{
	struct session *session = gate_state(connection);
	const struct instance *instance = session->instance;
	struct gate_outcome outcome = { .completed = 1 };

	if (!gate_intend_learning(connection, &outcome.intent))
		return NULL;
	session->is_learning = true;
	PGresult *result = REAL(instance, PQexec)(conn, text);
	session->is_learning = false;
	ExecStatusType status = REAL(instance, PQresultStatus)(result);
	outcome.rows = (uint64_t)REAL(instance, PQntuples)(result);
	outcome.status = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK
				 ? RING_STATUS_OK
				 : RING_STATUS_ERROR;
	gate_done(connection, NULL, &outcome);
	return result;
}

/* No program's own savepoint has the name; if one does, ours hides it until it is gone. */
#define OWN_SAVEPOINT "chaperone_learns"

/* What is never released is gone with the transaction, so that a RELEASE which cannot be recorded
 * need not be sent. */
static void leave_savepoint(PGconn *conn, struct gate_connection *connection)
{
	const struct session *session = gate_state(connection);
	bool has_failed = REAL(session->instance, PQtransactionStatus)(conn) == PQTRANS_INERROR;

	REAL(session->instance, PQclear)
	(ask_server(conn, connection,
		    has_failed ? "ROLLBACK TO SAVEPOINT " OWN_SAVEPOINT
				 "; RELEASE SAVEPOINT " OWN_SAVEPOINT
			       : "RELEASE SAVEPOINT " OWN_SAVEPOINT));
}

/* When each is asked, and what is sent in front of its query. */
static const struct {
	PGTransactionStatusType transaction;
	const char *before;
} LESSONS[] = {
	[GATE_CATALOGUE] = { PQTRANS_IDLE, "" },
	[GATE_OWN_TABLES] = { PQTRANS_INTRANS, "SAVEPOINT " OWN_SAVEPOINT "; " },
};

void session_learn(PGconn *conn, struct gate_connection *connection, enum gate_lesson lesson)
{
	const struct session *session = gate_state(connection);
	struct slice query = gate_learn_query(connection, lesson);
	SCOPED(buf_done) struct buf text = BUF_MAX(MIB);
	/* a thread that ended in the query would leave the program's connection in the middle of
	 * it */
	CANCELLATION_HELD;

	if (query.length == 0 || !is_at_rest(session, conn, LESSONS[lesson].transaction))
		return;
	buf_add_text(&text, LESSONS[lesson].before);
	buf_add_slice(&text, query);
	PGresult *result = text.failed ? NULL : ask_server(conn, connection, buf_text(&text));
	if (!result)
		return;
	if (lesson == GATE_OWN_TABLES)
		leave_savepoint(conn, connection);
	hand_over(connection, session->instance, lesson, result);
	REAL(session->instance, PQclear)(result);
}

static const struct sha256_hmac_key *key_of(void *connection, uint32_t index)
{
	return gate_key(connection, index);
}

struct mask_search session_search(struct gate_connection *connection, const struct plan *plan)
{
	return (struct mask_search){ plan_searches(plan), plan->found, key_of, connection };
}

enum hiding flight_hiding(const struct flight *flight)
{
	if (flight->is_refused || !flight->verdict || !flight->verdict->plan)
		return HIDES_NOTHING;
	uint32_t flags = flight->verdict->plan->flags;

	if (flags & PLAN_HIDES_TEXTS)
		return HIDES_TEXTS;
	if (flags & PLAN_HIDES_COMPUTED)
		return HIDES_COMPUTED;
	return flags & PLAN_CHECKS_ORIGINS ? HIDES_RAISED : HIDES_FOUND;
}

enum hiding session_hiding_unexplained(const struct session *session)
{
	if (session->is_masked)
		return HIDES_TEXTS;
	return session->wanted ? HIDES_FOUND : HIDES_NOTHING;
}

static enum hiding hiding_of(const struct session *session, const struct flight *flight)
{
	if (flight->is_told)
		return HIDES_NOTHING;
	return flight->kind == FLIGHT_CALL ? flight_hiding(flight)
					   : session_hiding_unexplained(session);
}

enum hiding session_hiding(const struct session *session)
{
	const struct flights *flights = &session->flights;
	enum hiding most = session->hiding;

	for (size_t i = 0; i < flights->count && most < HIDES_TEXTS; i++) {
		enum hiding hiding = hiding_of(session, &flights->at[flights->first + i]);

		most = hiding > most ? hiding : most;
	}
	return most;
}
