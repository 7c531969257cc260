/* SPDX-License-Identifier: MIT */
/* Masking with PQsetvalue on the server's own result, which keeps everything else of it as it
 * is. */
#include "shim/libpq/result.h"

#include <stdlib.h>

#include "shim/libpq/diagnosis.h"
#include "shim/preload/guard.h"

struct masking {
	struct gate_connection *connection;
	const struct instance *instance;
	const struct plan *plan;
	PGresult *result;
	struct buf out; /* what takes the place of a value, unless it becomes NULL */
	bool becomes_null;
	bool is_settled; /* both are the same for the whole column */
	struct mask_search search;
	uint32_t masked_cells;
};

/* Finds the masked form of the cell.  0: the cell changes; 1: it stays; negative: it cannot be
 * shown. */
static int masked_form(struct masking *masking, struct mask mask, const struct cell *cell)
{
	struct mask_outcome outcome;

	buf_clear(&masking->out);
	if (mask.how != MASK_NONE) {
		const struct sha256_hmac_key *key =
			mask.how == MASK_HASH ? gate_key(masking->connection, mask.key) : NULL;

		return mask_cell(mask, key, cell, &masking->out, &masking->becomes_null);
	}
	int r = mask_found(&masking->search, cell, &masking->out, &outcome);
	if (r < 0)
		return r;
	masking->becomes_null = outcome.is_null;
	return outcome.is_changed ? 0 : 1;
}

/* PQsetvalue leaves the old bytes in the result's memory, so they are wiped first. */
static int replace_value(const struct masking *masking, int row, int column, struct slice old)
{
	bool becomes_null = masking->becomes_null;
	char nothing[1] = "", *text = masking->out.length > 0 ? masking->out.at : nothing;

	memset((char *)(uintptr_t)old.at, 0, old.length);
	return REAL(masking->instance, PQsetvalue)(masking->result, row, column,
						   becomes_null ? NULL : text,
						   becomes_null ? -1 : (int)masking->out.length)
		       ? 0
		       : -ENOMEM;
}

static int mask_value(struct masking *masking, struct mask mask, int row, int column,
		      struct cell *cell)
{
	const struct instance *instance = masking->instance;
	int length = REAL(instance, PQgetlength)(masking->result, row, column);

	if (length == 0 && REAL(instance, PQgetisnull)(masking->result, row, column))
		return 0;
	cell->value = (struct slice){ REAL(instance, PQgetvalue)(masking->result, row, column),
				      (size_t)length };
	int r = masking->is_settled ? 0 : masked_form(masking, mask, cell);
	if (r != 0)
		return r < 0 ? r : 0;
	masking->masked_cells++;
	return replace_value(masking, row, column, cell->value);
}

static int mask_column(struct masking *masking, struct mask mask, int column, int rows)
{
	const struct instance *instance = masking->instance;
	struct cell cell = {
		.type = REAL(instance, PQftype)(masking->result, column),
		.modifier = REAL(instance, PQfmod)(masking->result, column),
		.is_binary = REAL(instance, PQfformat)(masking->result, column) == 1,
	};

	if (mask.how == MASK_NONE &&
	    (masking->search.wanted == 0 || !mask_type_holds_text(cell.type)))
		return 0;
	masking->is_settled = mask_is_constant(mask);
	int r = masking->is_settled ? masked_form(masking, mask, &cell) : 0;
	for (int row = 0; row < rows && r == 0; row++)
		r = mask_value(masking, mask, row, column, &cell);
	return r;
}

static int mask_result(struct masking *masking, uint32_t statement, int rows)
{
	int columns = REAL(masking->instance, PQnfields)(masking->result);

	for (int column = 0; column < columns; column++) {
		struct plan_question question = {
			.statement = statement,
			.column = (uint32_t)column,
			.columns = (uint32_t)columns,
			.relation = REAL(masking->instance, PQftable)(masking->result, column),
			.attribute = REAL(masking->instance, PQftablecol)(masking->result, column),
		};
		int r = mask_column(masking, plan_mask(masking->plan, &question), column, rows);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A cell that cannot be masked must not be seen: an empty error result takes the place of the
 * rows. */
static PGresult *withhold(PGconn *conn, const struct instance *instance, PGresult *result)
{
	REAL(instance, PQclear)(result);
	return REAL(instance, PQmakeEmptyPGresult)(conn, PGRES_FATAL_ERROR);
}

static PGresult *mask_rows(PGconn *conn, struct gate_connection *connection, struct flight *flight,
			   PGresult *result, int rows)
{
	struct session *session = gate_state(connection);
	struct masking masking = {
		.connection = connection,
		.instance = session->instance,
		.plan = flight->verdict->plan,
		.result = result,
		.out = BUF_MAX(1024 * MIB),
		.search = session_search(connection, flight->verdict->plan),
	};

	int r = mask_result(&masking, flight->statement, rows);
	flight->outcome.masked_cells += masking.masked_cells;
	buf_done(&masking.out);
	return r < 0 ? withhold(conn, session->instance, result) : result;
}

static void note_error(PGconn *conn, struct flight *flight, const struct session *session,
		       const PGresult *result)
{
	const char *state = REAL(session->instance, PQresultErrorField)(result, PG_DIAG_SQLSTATE);

	flight->outcome.status = RING_STATUS_ERROR;
	flight->outcome.sqlstate = gate_sqlstate(state);
	if (!state) /* libpq's own, or of a statement that was skipped */
		return;
	diagnosis_pass(conn, session, result, flight_hiding(flight));
	flight->is_told = true;
}

/* A statement that the server skipped because one before it in its pipeline failed has not happened
 * either. */
static bool is_failure(ExecStatusType status)
{
	return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE ||
	       status == PGRES_PIPELINE_ABORTED;
}

PGresult *result_pass(PGconn *conn, struct gate_connection *connection, struct flight *flight,
		      PGresult *result)
{
	struct session *session = gate_state(connection);
	const struct instance *instance = session->instance;
	ExecStatusType status = REAL(instance, PQresultStatus)(result);
	/* Of whatever status: newer libpqs have more of them. */
	int rows = REAL(instance, PQntuples)(result);

	flight->has_result = true;
	if (status == PGRES_PIPELINE_ABORTED) {
		flight->outcome.status = RING_STATUS_ABORTED;
		return result;
	}
	if (copy_opens(instance, result)) {
		copy_begin(connection, flight, result);
		return result;
	}
	if (is_failure(status))
		note_error(conn, flight, session, result);
	if (!copy_settle(conn, session, flight, result))
		result = withhold(conn, instance, result);
	flight->outcome.rows += (uint64_t)rows;
	if (instance_function(instance, LIBPQ_PQresultMemorySize))
		flight->outcome.bytes += REAL(instance, PQresultMemorySize)(result);
	if (rows > 0 && flight->verdict->plan)
		result = mask_rows(conn, connection, flight, result, rows);
	if (status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_CHUNK && !is_failure(status))
		flight->outcome.completed = ++flight->statement;
	return result;
}
