/* SPDX-License-Identifier: MIT */
/* What libpq 16 to 18 have beyond the header of libpq 15: rows of the table, as table.h explains,
 * and the declarations of those that have a stand-in (PostgreSQL 18 manual, 32.3.1, 32.4, 32.5.4
 * and 32.7).
 *
 * A libpq that lacks one of them has NULL in its place, and the stand-in fails: nothing that was
 * linked against such a libpq calls it, and whoever answers dlsym must not give away a name that
 * instance_function() does not know. */
#ifndef SHIM_LIBPQ_NEWER_H
#define SHIM_LIBPQ_NEWER_H

#include <libpq-fe.h>

/* clang-format off */
#define LIBPQ_NEWER_ROWS(GOVERNED, FORWARDED) \
	GOVERNED(PQclosePrepared) \
	GOVERNED(PQclosePortal) \
	GOVERNED(PQsendClosePrepared) \
	GOVERNED(PQsendClosePortal) \
	GOVERNED(PQchangePassword) \
	GOVERNED(PQsendPipelineSync) \
	FORWARDED(PQconnectionUsedGSSAPI) \
	FORWARDED(PQcancelBlocking) \
	FORWARDED(PQcancelStart) \
	FORWARDED(PQcancelCreate) \
	FORWARDED(PQcancelPoll) \
	FORWARDED(PQcancelStatus) \
	FORWARDED(PQcancelSocket) \
	FORWARDED(PQcancelErrorMessage) \
	FORWARDED(PQcancelReset) \
	FORWARDED(PQcancelFinish) \
	FORWARDED(PQsocketPoll) \
	FORWARDED(PQsetChunkedRowsMode) \
	FORWARDED(PQgetCurrentTimeUSec) \
	FORWARDED(PQsetAuthDataHook) \
	FORWARDED(PQgetAuthDataHook) \
	FORWARDED(PQdefaultAuthDataHook) \
	FORWARDED(PQfullProtocolVersion) \
	FORWARDED(appendPQExpBufferVA)
/* clang-format on */

#ifndef LIBPQ_HAS_CHUNK_MODE
#define PGRES_TUPLES_CHUNK ((ExecStatusType)12)
#endif

#ifndef LIBPQ_HAS_CLOSE_PREPARED
extern PGresult *PQclosePrepared(PGconn *conn, const char *stmt);
extern PGresult *PQclosePortal(PGconn *conn, const char *portal);
extern int PQsendClosePrepared(PGconn *conn, const char *stmt);
extern int PQsendClosePortal(PGconn *conn, const char *portal);
#endif

#ifndef LIBPQ_HAS_CHANGE_PASSWORD
extern PGresult *PQchangePassword(PGconn *conn, const char *user, const char *passwd);
#endif

#ifndef LIBPQ_HAS_SEND_PIPELINE_SYNC
extern int PQsendPipelineSync(PGconn *conn);
#endif

#endif
