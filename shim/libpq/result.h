/* SPDX-License-Identifier: MIT */
/* Results on their way to the program: masked in place, once, before it can read any cell. */
#ifndef SHIM_LIBPQ_RESULT_H
#define SHIM_LIBPQ_RESULT_H

#include "shim/libpq/session.h"

/* Masks `result` by the flight's plan and adds it to the flight's outcome.  Returns the result, or
 * an error result in its place when a cell could not be masked. */
PGresult *result_pass(PGconn *conn, struct gate_connection *connection, struct flight *flight,
		      PGresult *result);

#endif
