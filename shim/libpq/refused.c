/* SPDX-License-Identifier: MIT */
/* Calls through which values or statements would pass unseen: open under a policy that allows
 * everything, otherwise they fail as their manual says, and the record says so. */
#include <libpq-events.h>
#include <stdio.h>

#include "shim/libpq/origin.h"
#include "shim/preload/guard.h"

static bool is_open(PGconn *conn, const struct origin *origin, const char *name)
{
	char note[80];

	if (origin->is_internal)
		return true;
	if (!origin->connection) /* not connected: there is nothing to be seen */
		return REAL(origin->instance, PQstatus)(conn) != CONNECTION_OK;
	if (gate_allows_everything(origin->connection))
		return true;
	snprintf(note, sizeof(note), "refused: %s", name);
	gate_note(origin->connection, note);
	return false;
}

/* The instance to forward to, or NULL when the call is refused. */
static const struct instance *way(PGconn *conn, const void *caller, const char *name)
{
	KEEP_ERRNO;
	struct origin origin = origin_joined(conn, caller);

	return origin.instance && is_open(conn, &origin, name) ? origin.instance : NULL;
}

#define REFUSED(type, name, parameters, forwarded, failure)                                        \
	STAND_IN type name parameters                                                              \
	{                                                                                          \
		const struct instance *instance = way(conn, CALLER_ADDRESS(), #name);              \
		return instance ? REAL(instance, name) forwarded : (failure);                      \
	}

/* clang-format off */
REFUSED(int, PQregisterEventProc, (PGconn *conn, PGEventProc proc, const char *name, void *passThrough),
	(conn, proc, name, passThrough), 0)
REFUSED(void *, PQgetssl, (PGconn *conn), (conn), NULL)
REFUSED(void *, PQsslStruct, (PGconn *conn, const char *struct_name), (conn, struct_name), NULL)
REFUSED(void *, PQgetgssctx, (PGconn *conn), (conn), NULL)
/* clang-format on */

STAND_IN void PQtrace(PGconn *conn, FILE *debug_port)
{
	const struct instance *instance = way(conn, CALLER_ADDRESS(), "PQtrace");

	if (instance)
		REAL(instance, PQtrace)(conn, debug_port);
}
