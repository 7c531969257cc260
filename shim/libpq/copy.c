/* SPDX-License-Identifier: MIT */
/* What a connection's COPY may show, from the plan of the statement that opened it. */
#include "shim/libpq/copy.h"

#include <stdio.h>
#include <stdlib.h>

#include "shim/libpq/origin.h"
#include "shim/preload/guard.h"

#define LINE_MAX_BYTES (COPY_MESSAGE_MAX + 1)

static enum copy_direction direction_of(const struct instance *instance, const PGresult *result)
{
	switch (REAL(instance, PQresultStatus)(result)) {
	case PGRES_COPY_OUT:
		return COPY_OUT;
	case PGRES_COPY_IN:
		return COPY_IN;
	case PGRES_COPY_BOTH:
		return COPY_BOTH;
	default:
		return COPY_NONE;
	}
}

bool copy_opens(const struct instance *instance, const PGresult *result)
{
	return direction_of(instance, result) != COPY_NONE;
}

static int open_stream(struct gate_connection *connection, const struct plan *plan,
		       const struct plan_copy *planned, uint32_t columns)
{
	struct session *session = gate_state(connection);
	SCOPED(free_p)
	struct plan_column *planned_columns = calloc((size_t)columns + 1, sizeof(*planned_columns));
	struct mask_search search = session_search(connection, plan);

	if (!planned_columns)
		return -ENOMEM;
	if (planned->is_masked && columns == 0)
		return -EBADMSG;
	for (uint32_t i = 0; i < columns; i++) {
		if (!plan_copy_column(plan, planned, i, columns, &planned_columns[i]))
			return -EBADMSG;
	}
	return copy_stream_open(&session->copy.stream, &planned->format, planned_columns, columns,
				&search);
}

/* Under a plan.  A COPY whose rows it does not describe is not shown at all. */
static enum copy_passage planned_passage(struct gate_connection *connection,
					 const struct plan *plan, uint32_t statement,
					 const PGresult *result)
{
	const struct instance *instance = session_at(connection)->instance;
	const struct plan_copy *planned = plan_copy_find(plan, statement);
	int columns = REAL(instance, PQnfields)(result);

	if (!planned || planned->statement != statement || planned->is_from)
		return COPY_WITHHOLDS;
	if (!planned->is_masked && plan_searches(plan) == 0)
		return COPY_PASSES;
	if (REAL(instance, PQbinaryTuples)(result))
		return COPY_WITHHOLDS;
	return open_stream(connection, plan, planned, (uint32_t)columns) == 0 ? COPY_REWRITES
									      : COPY_WITHHOLDS;
}

static enum copy_passage open_passage(struct gate_connection *connection,
				      const struct flight *flight, const PGresult *result)
{
	if (!flight->verdict || !flight->verdict->is_allowed)
		return COPY_WITHHOLDS;
	if (!flight->verdict->plan)
		return COPY_PASSES;
	return planned_passage(connection, flight->verdict->plan, flight->statement, result);
}

void copy_begin(struct gate_connection *connection, struct flight *flight, const PGresult *result)
{
	struct session *session = gate_state(connection);
	struct copy *copy = &session->copy;

	if (copy->direction != COPY_NONE)
		return;
	*copy = (struct copy){ .direction = direction_of(session->instance, result),
			       .row = BUF_MAX(COPY_MESSAGE_MAX),
			       .line = BUF_MAX(LINE_MAX_BYTES) };
	if (copy->direction == COPY_OUT)
		copy->passage = open_passage(connection, flight, result);
	if (copy->direction == COPY_BOTH && !gate_allows_everything(connection))
		copy->passage = COPY_WITHHOLDS;
	if (copy->passage == COPY_WITHHOLDS)
		gate_note(connection,
			  "rows of a COPY were withheld: its plan does not describe them");
}

/* The server counts the rows of a COPY that completed. */
static uint64_t row_count(const struct instance *instance, const struct copy *copy,
			  const PGresult *result)
{
	uint64_t rows;

	if (!result)
		return copy->rows;
	const char *told = REAL(instance, PQcmdTuples)((PGresult *)(uintptr_t)result);
	return slice_to_u64(slice_of(told), &rows) == 0 ? rows : copy->rows;
}

/* What the program does not wait for has been told: there is nothing behind it, or nothing that the
 * session needs. */
static bool is_last(const struct flight *flight)
{
	if (!verdict_reports_outcome(flight->verdict))
		return true;
	return flight->verdict->plan &&
	       flight->statement + 1 >= flight->verdict->plan->statement_count;
}

bool copy_settle(PGconn *conn, struct session *session, struct flight *flight,
		 const PGresult *result)
{
	struct copy *copy = &session->copy;
	const struct instance *instance = session->instance;
	bool is_shown = copy->direction != COPY_OUT || copy->passage != COPY_WITHHOLDS;

	if (copy->direction == COPY_NONE)
		return true;
	if (REAL(instance, PQstatus)(conn) != CONNECTION_OK) {
		flight->outcome.is_lost = true;
		flight->outcome.status = RING_STATUS_CONNECTION;
	}
	flight->outcome.rows += row_count(instance, copy, result);
	flight->outcome.bytes += copy->bytes;
	flight->outcome.masked_cells += copy->stream.masked_cells;
	if (!is_shown)
		flight->outcome.status = RING_STATUS_ERROR;
	flight->is_over = is_last(flight);
	copy_drop(copy);
	return is_shown;
}

void copy_drop(struct copy *copy)
{
	copy_stream_done(&copy->stream);
	buf_done(&copy->row);
	buf_done(&copy->line);
	*copy = (struct copy){ .direction = COPY_NONE };
}

/* Without a statement under way libpq is in no COPY, whatever it is asked. */
static bool may_pass(PGconn *conn, const struct instance *instance,
		     struct gate_connection *connection)
{
	return REAL(instance, PQtransactionStatus)(conn) != PQTRANS_ACTIVE ||
	       gate_allows_everything(connection);
}

struct copy_call copy_call_begin(PGconn *conn, const void *caller, enum copy_direction direction,
				 const char *name)
{
	KEEP_ERRNO;
	struct origin origin = origin_joined(conn, caller);
	struct copy_call call = { .instance = origin.instance, .connection = origin.connection };
	char note[80];

	if (!call.instance || origin.is_internal)
		return call;
	if (!call.connection) {
		if (REAL(call.instance, PQstatus)(conn) == CONNECTION_OK)
			call.instance = NULL;
		return call;
	}
	struct copy *copy = &origin.session->copy;
	if (copy->direction == direction && !copy->has_ended) {
		call.copy = copy;
	} else if (!may_pass(conn, call.instance, call.connection)) {
		snprintf(note, sizeof(note), "refused: %s", name);
		gate_note(call.connection, note);
		call.instance = NULL;
	}
	return call;
}
