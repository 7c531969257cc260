/* SPDX-License-Identifier: MIT */
/* The receiver of a connection's notices: the program's, and ours in front of it. */
#ifndef SHIM_LIBPQ_NOTICE_H
#define SHIM_LIBPQ_NOTICE_H

#include "shim/libpq/session.h"

/* Takes over what the program set before the connection was known. */
void notice_start(const PGconn *conn, struct session *session);

/* Puts our receiver in front of the program's. */
void notice_watch(PGconn *conn, struct session *session);

/* Gives the program's receiver back to a connection that goes on without its session (PQreset).
 * Accepts NULL. */
void notice_end(PGconn *conn, const struct session *session);

/* The connection ends. */
void notice_forget(const PGconn *conn);

#endif
