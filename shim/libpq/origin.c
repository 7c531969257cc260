/* SPDX-License-Identifier: MIT */
#include "shim/libpq/origin.h"

#include "shim/preload/guard.h"

static void take_connection(struct origin *origin, struct gate_connection *connection)
{
	if (!connection)
		return;
	origin->connection = connection;
	origin->session = gate_state(connection);
	origin->instance = origin->session->instance;
}

struct origin origin_of(const PGconn *conn, const void *caller)
{
	KEEP_ERRNO;
	struct origin origin = { .instance = instance_of_address(&libpq_driver, caller) };

	origin.is_internal = origin.instance;
	if (!origin.is_internal)
		take_connection(&origin, gate_find(conn));
	if (!origin.instance)
		origin.instance = instance_for_caller(&libpq_driver, caller);
	return origin;
}

struct origin origin_joined(PGconn *conn, const void *caller)
{
	KEEP_ERRNO;
	struct origin origin = origin_of(conn, caller);

	if (conn && origin.instance && !origin.is_internal && !origin.connection)
		take_connection(&origin, session_join(conn, origin.instance));
	return origin;
}
