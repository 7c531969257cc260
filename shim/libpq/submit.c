/* SPDX-License-Identifier: MIT */
/* The calls that send SQL.  Each stand-in is a row of one of two roles, at the end. */
#include "shim/libpq/submit.h"

#include "shim/gate/refusal.h"
#include "shim/libpq/notice.h"
#include "shim/libpq/origin.h"
#include "shim/libpq/result.h"
#include "shim/preload/guard.h"
#include "shim/preload/sentinel.h"

static const char STANDS_DOWN[] =
	RAISE("two builds of its library are in this process",
	      "Neither can tell the driver from the other.", "Remove one of them from LD_PRELOAD.");

/* What a call would raise that libpq does not make in a pipeline, if it made it. */
static const char IN_PIPELINE[] = RAISE("it came while a pipeline was open",
					"libpq makes no call then that waits for its result.",
					"Use a call that sends, as PQsendQueryParams.");

static void refuse_with(struct submission *submission, const char *text)
{
	submission->is_refused = true;
	submission->text = text;
}

static bool libpq_refuses(const PGconn *conn, const struct gate_call *call)
{
	bool needs_name = call->kind == GATE_PREPARE || call->kind == GATE_EXECUTE;
	bool needs_text = call->kind == GATE_QUERY || call->kind == GATE_QUERY_PARAMS ||
			  call->kind == GATE_PREPARE;

	return !conn || (needs_name && !call->name.at) || (needs_text && !call->text.at);
}

/* Gets the verdict, learning first where the agent wants it. */
static void ask_once(struct gate_connection *connection, PGconn *conn, struct gate_call *call,
		     struct gate_pass *ret_pass)
{
	gate_ask(connection, call, ret_pass);
	if (!ret_pass->verdict || !(ret_pass->verdict->flags & VERDICT_LEARN_FIRST))
		return;
	session_learn(conn, connection, GATE_CATALOGUE);
	session_learn(conn, connection, GATE_OWN_TABLES);
	verdict_unref(ret_pass->verdict);
	call->is_final = true;
	gate_ask(connection, call, ret_pass);
}

/* Notices of the call may come before it returns. */
static void watch(const struct submission *submission, PGconn *conn)
{
	struct session *session = gate_state(submission->connection);

	session->hiding = flight_hiding(&submission->flight);
	if (session->hiding == HIDES_NOTHING)
		return;
	session->is_masked |= session->hiding > HIDES_FOUND;
	session->wanted |= plan_searches(submission->flight.verdict->plan);
	notice_watch(conn, session);
}

static void ask(struct submission *submission, PGconn *conn, struct gate_call *call)
{
	struct gate_connection *connection = submission->connection;
	struct gate_pass pass;

	for (ask_once(connection, conn, call, &pass);
	     !gate_intend(connection, call, &pass, &submission->flight.outcome.intent);
	     ask_once(connection, conn, call, &pass)) {
		verdict_unref(pass.verdict);
		call->is_final = false; /* another agent knows nothing yet */
	}
	submission->flight.verdict = pass.verdict;
	submission->is_refused = !pass.verdict || !pass.verdict->is_allowed;
	submission->flight.is_refused = submission->is_refused;
	watch(submission, conn);
	submission->text = pass.text;
}

static int take_name(struct submission *submission, struct gate_call *call)
{
	struct buf *name = &session_at(submission->connection)->name;

	if (!call->name.at)
		return 0;
	buf_clear(name);
	buf_add_slice(name, call->name);
	if (name->failed)
		return name->failed;
	call->name = buf_view(name);
	submission->name = buf_text(name);
	return 0;
}

/* Name and binds are judged and forwarded in one private copy, as a text is. */
static bool take_copies(struct submission *submission, struct gate_call *call)
{
	struct binds_room *room = &session_at(submission->connection)->binds;

	if (take_name(submission, call) == 0 && binds_copy(room, &submission->binds) == 0)
		return true;
	refuse_with(submission, GATE_REFUSAL_NO_MEMORY);
	submission->connection = NULL;
	return false;
}

/* The text of a parameterised statement stays behind as the unnamed prepared statement (PostgreSQL
 * manual, 55.2.3).  What drops it otherwise needs no thought: then an execution fails. */
static void follow_unnamed(struct session *session, const struct gate_call *call)
{
	if (call->kind == GATE_QUERY_PARAMS)
		session->is_unnamed_replaced = true;
	else if (call->kind == GATE_PREPARE && call->name.length == 0)
		session->is_unnamed_replaced = false;
}

static void judge(struct submission *submission, PGconn *conn, struct gate_call *call)
{
	const struct instance *instance = submission->instance;
	struct session *session = gate_state(submission->connection);
	bool is_unnamed = call->name.length == 0 &&
			  (call->kind == GATE_PREPARE || call->kind == GATE_EXECUTE);

	call->transaction = (uint8_t)REAL(instance, PQtransactionStatus)(conn);
	call->settings = session_settings(session, conn);
	call->is_unnamed_replaced = is_unnamed && session->is_unnamed_replaced;
	/* Nothing can be learned in a pipeline, and what learns would drop the unnamed
	 * statement. */
	call->is_final = submission->is_pipelined || (is_unnamed && call->kind == GATE_EXECUTE);
	if (!take_copies(submission, call))
		return;
	ask(submission, conn, call);
	if (!submission->is_refused)
		follow_unnamed(session, call);
}

/* The connection of a call that is the program's own and reaches the server; else NULL, and it
 * passes or is refused without. */
static struct gate_connection *connection_for(struct submission *submission, PGconn *conn,
					      const void *caller, const struct gate_call *call)
{
	struct origin origin = origin_joined(conn, caller);

	submission->instance = origin.instance;
	if (!origin.instance || origin.is_internal || libpq_refuses(conn, call))
		return NULL;
	if (!origin.connection && REAL(origin.instance, PQstatus)(conn) != CONNECTION_OK)
		return NULL;
	submission->is_pipelined = session_is_pipelined(origin.instance, conn);
	if (preload_stands_down())
		refuse_with(submission, STANDS_DOWN);
	else if (!origin.connection)
		refuse_with(submission, GATE_REFUSAL_NO_MEMORY);
	return submission->is_refused ? NULL : origin.connection;
}

void submission_begin(struct submission *submission, PGconn *conn, const void *caller,
		      struct gate_call call, struct binds binds)
{
	KEEP_ERRNO;

	*submission =
		(struct submission){ .text = call.text.at, .name = call.name.at, .binds = binds };
	struct gate_connection *connection = connection_for(submission, conn, caller, &call);
	if (!connection)
		return;
	if (!submission->is_pipelined) {
		submission->connection = connection;
		judge(submission, conn, &call);
	} else if (!gate_allows_everything(connection)) {
		/* libpq says no by itself, and nothing is sent */
		refuse_with(submission, IN_PIPELINE);
	}
}

void submission_begin_sending(struct submission *submission, PGconn *conn, const void *caller,
			      struct gate_call call, struct binds binds)
{
	KEEP_ERRNO;

	*submission =
		(struct submission){ .text = call.text.at, .name = call.name.at, .binds = binds };
	submission->connection = connection_for(submission, conn, caller, &call);
	if (!submission->connection)
		return;
	if (flights_reserve(&session_at(submission->connection)->flights))
		judge(submission, conn, &call);
	else
		submission->instance = NULL;
}

/* Ends a call that is not among the flights. */
static void land(struct submission *submission, PGconn *conn)
{
	flight_land(conn, submission->connection, &submission->flight);
	session_at(submission->connection)->hiding = HIDES_NOTHING;
}

/* The program is in a COPY now, whose end lands the flight.  libpq dropped the results in front of
 * it. */
static PGresult *take_off(struct submission *submission, PGconn *conn, PGresult *result)
{
	struct session *session = gate_state(submission->connection);
	struct flight *flight = &submission->flight;
	const struct plan *plan = flight->verdict ? flight->verdict->plan : NULL;
	const struct plan_copy *copy = plan ? plan_copy_find(plan, 0) : NULL;

	if (copy)
		flight->statement = copy->statement;
	if (flights_reserve(&session->flights)) {
		flights_push(&session->flights, flight);
		session->hiding = HIDES_NOTHING; /* the flight says it from here on */
		return result_pass(conn, submission->connection, flights_front(&session->flights),
				   result);
	}
	REAL(submission->instance, PQclear)(result);
	flight->outcome.is_lost = true;
	land(submission, conn);
	return NULL;
}

PGresult *submission_end(struct submission *submission, PGconn *conn, PGresult *result)
{
	KEEP_ERRNO;
	struct flight *flight = &submission->flight;

	if (!submission->connection)
		return result;
	binds_shrink(&session_at(submission->connection)->binds);
	/* libpq threw their results away (PQexecStart in fe-exec.c) */
	flights_abandon(conn, submission->connection);
	if (result && copy_opens(submission->instance, result))
		return take_off(submission, conn, result);
	if (flight->verdict && flight->verdict->plan)
		flight->statement = flight->verdict->plan->statement_count -
				    1; /* the last one's result is returned */
	if (result)
		result = result_pass(conn, submission->connection, flight, result);
	else
		flight->outcome.status = RING_STATUS_ERROR;
	flight->outcome.completed = flight->outcome.status == RING_STATUS_OK
					    ? MESSAGE_COMPLETED_ALL
					    : MESSAGE_COMPLETED_UNKNOWN;
	land(submission, conn);
	return result;
}

int submission_sent(struct submission *submission, PGconn *conn, int sent)
{
	KEEP_ERRNO;

	if (!submission->connection)
		return sent;
	struct session *session = gate_state(submission->connection);
	binds_shrink(&session->binds);
	session->hiding = HIDES_NOTHING;
	if (sent) {
		if (!submission->is_pipelined)
			flights_abandon(conn, submission->connection);
		flights_push(&session->flights, &submission->flight);
		return sent;
	}
	submission->flight.outcome.status = RING_STATUS_ERROR;
	submission->flight.outcome.stage = MESSAGE_STAGE_UNSENT;
	land(submission, conn);
	return sent;
}

int submission_send_refusal(const struct submission *submission, PGconn *conn)
{
	const struct instance *instance = submission->instance;

	if (submission->is_pipelined)
		return REAL(instance, PQsendQueryParams)(conn, submission->text, 0, NULL, NULL,
							 NULL, NULL, 0);
	return REAL(instance, PQsendQuery)(conn, submission->text);
}

bool submission_proceeds(struct submission *submission, PGconn *conn)
{
	if (!submission->instance || !submission->is_refused)
		return submission->instance != NULL;
	PGresult *result = REAL(submission->instance, PQexec)(conn, submission->text);

	result = submission_end(submission, conn, result);
	REAL(submission->instance, PQclear)(result);
	return false;
}

void submission_finish(struct submission *submission, PGconn *conn, bool failed)
{
	KEEP_ERRNO;

	if (!submission->connection)
		return;
	submission->flight.outcome.status = failed ? RING_STATUS_ERROR : RING_STATUS_OK;
	submission->flight.outcome.completed = failed ? 0 : MESSAGE_COMPLETED_ALL;
	land(submission, conn);
}

#define QUERY(text_)                                                                               \
	(struct gate_call)                                                                         \
	{                                                                                          \
		.kind = GATE_QUERY, .text = slice_of(text_)                                        \
	}
#define QUERY_PARAMS(text_, count_)                                                                \
	(struct gate_call)                                                                         \
	{                                                                                          \
		.kind = GATE_QUERY_PARAMS, .text = slice_of(text_),                                \
		.parameters = (uint16_t)(count_)                                                   \
	}
#define PREPARE(name_, text_)                                                                      \
	(struct gate_call)                                                                         \
	{                                                                                          \
		.kind = GATE_PREPARE, .name = slice_of(name_), .text = slice_of(text_)             \
	}
#define EXECUTE(name_, count_)                                                                     \
	(struct gate_call)                                                                         \
	{                                                                                          \
		.kind = GATE_EXECUTE, .name = slice_of(name_), .parameters = (uint16_t)(count_)    \
	}

#define PARAMETERS(count_, types_, values_, lengths_, formats_)                                    \
	(struct binds)                                                                             \
	{                                                                                          \
		.count = (count_), .types = (types_), .values = (values_), .lengths = (lengths_),  \
		.formats = (formats_)                                                              \
	}
#define ARGUMENTS(count_, arguments_)                                                              \
	(struct binds)                                                                             \
	{                                                                                          \
		.count = (count_), .arguments = (arguments_)                                       \
	}

/* A call that waits for its result.  A refusal is raised by executing a statement in its place. */
#define BLOCKING(name, parameters, call, bound, forwarded)                                         \
	STAND_IN PGresult *name parameters                                                         \
	{                                                                                          \
		struct submission submission;                                                      \
		submission_begin(&submission, conn, CALLER_ADDRESS(), call, bound);                \
		if (!submission.instance)                                                          \
			return NULL;                                                               \
		PGresult *result =                                                                 \
			submission.is_refused                                                      \
				? REAL(submission.instance, PQexec)(conn, submission.text)         \
				: REAL(submission.instance, name) forwarded;                       \
		return submission_end(&submission, conn, result);                                  \
	}

/* A call whose results are read with PQgetResult. */
#define SENDING(name, parameters, call, bound, forwarded)                                          \
	STAND_IN int name parameters                                                               \
	{                                                                                          \
		struct submission submission;                                                      \
		submission_begin_sending(&submission, conn, CALLER_ADDRESS(), call, bound);        \
		if (!submission.instance)                                                          \
			return 0;                                                                  \
		int sent = submission.is_refused ? submission_send_refusal(&submission, conn)      \
						 : REAL(submission.instance, name) forwarded;      \
		return submission_sent(&submission, conn, sent);                                   \
	}

/* clang-format off */
BLOCKING(PQexec, (PGconn *conn, const char *query), QUERY(query), NO_BINDS, (conn, submission.text))
SENDING(PQsendQuery, (PGconn *conn, const char *query), QUERY(query), NO_BINDS, (conn, submission.text))

BLOCKING(PQexecParams,
	(PGconn *conn, const char *command, int nParams, const Oid *paramTypes, const char *const *paramValues,
	 const int *paramLengths, const int *paramFormats, int resultFormat),
	QUERY_PARAMS(command, nParams), PARAMETERS(nParams, paramTypes, paramValues, paramLengths, paramFormats),
	(conn, submission.text, nParams, submission.binds.types, submission.binds.values, submission.binds.lengths,
	 submission.binds.formats, resultFormat))
SENDING(PQsendQueryParams,
	(PGconn *conn, const char *command, int nParams, const Oid *paramTypes, const char *const *paramValues,
	 const int *paramLengths, const int *paramFormats, int resultFormat),
	QUERY_PARAMS(command, nParams), PARAMETERS(nParams, paramTypes, paramValues, paramLengths, paramFormats),
	(conn, submission.text, nParams, submission.binds.types, submission.binds.values, submission.binds.lengths,
	 submission.binds.formats, resultFormat))

BLOCKING(PQprepare,
	(PGconn *conn, const char *stmtName, const char *query, int nParams, const Oid *paramTypes),
	PREPARE(stmtName, query), PARAMETERS(nParams, paramTypes, NULL, NULL, NULL),
	(conn, submission.name, submission.text, nParams, submission.binds.types))
SENDING(PQsendPrepare,
	(PGconn *conn, const char *stmtName, const char *query, int nParams, const Oid *paramTypes),
	PREPARE(stmtName, query), PARAMETERS(nParams, paramTypes, NULL, NULL, NULL),
	(conn, submission.name, submission.text, nParams, submission.binds.types))

BLOCKING(PQexecPrepared,
	(PGconn *conn, const char *stmtName, int nParams, const char *const *paramValues, const int *paramLengths,
	 const int *paramFormats, int resultFormat),
	EXECUTE(stmtName, nParams), PARAMETERS(nParams, NULL, paramValues, paramLengths, paramFormats),
	(conn, submission.name, nParams, submission.binds.values, submission.binds.lengths, submission.binds.formats,
	 resultFormat))
SENDING(PQsendQueryPrepared,
	(PGconn *conn, const char *stmtName, int nParams, const char *const *paramValues, const int *paramLengths,
	 const int *paramFormats, int resultFormat),
	EXECUTE(stmtName, nParams), PARAMETERS(nParams, NULL, paramValues, paramLengths, paramFormats),
	(conn, submission.name, nParams, submission.binds.values, submission.binds.lengths, submission.binds.formats,
	 resultFormat))

BLOCKING(PQfn,
	(PGconn *conn, int fnid, int *result_buf, int *result_len, int result_is_int, const PQArgBlock *args, int nargs),
	((struct gate_call){ .kind = GATE_FASTPATH, .function = (uint32_t)fnid }), ARGUMENTS(nargs, args),
	(conn, fnid, result_buf, result_len, result_is_int, submission.binds.arguments, nargs))
/* clang-format on */
