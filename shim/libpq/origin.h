/* SPDX-License-Identifier: MIT */
/* Where a call comes from, and which libpq and which connection it means. */
#ifndef SHIM_LIBPQ_ORIGIN_H
#define SHIM_LIBPQ_ORIGIN_H

#include "shim/libpq/session.h"

struct origin {
	const struct instance *instance; /* NULL: there is no libpq to forward to */
	/* NULL: not known, or libpq's own call, which is not looked at */
	struct gate_connection *connection;
	struct session *session; /* of the connection */
	bool is_internal;        /* libpq made the call itself */
};

/* `caller` is the stand-in's CALLER_ADDRESS().  A connection knows its libpq; without one the
 * caller's counts. */
struct origin origin_of(const PGconn *conn, const void *caller);

/* The same, and makes `conn` known if it is connected and was not known. */
struct origin origin_joined(PGconn *conn, const void *caller);

#endif
