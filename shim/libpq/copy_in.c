/* SPDX-License-Identifier: MIT */
/* COPY from the program: its statement was judged, its data streams through and is counted. */
#include <stdio.h>

#include "shim/libpq/copy.h"
#include "shim/libpq/session.h"
#include "shim/preload/guard.h"

static int counted(const struct copy_call *call, int bytes, int answer, int done)
{
	if (call->copy && answer == done && bytes > 0)
		call->copy->bytes += (size_t)bytes;
	return answer;
}

/* A call that hands data over, and returns `done` when it did. */
#define PUTTING(name, parameters, forwarded, bytes, done, failure)                                 \
	STAND_IN int name parameters                                                               \
	{                                                                                          \
		struct copy_call call = copy_call_begin(conn, CALLER_ADDRESS(), COPY_IN, #name);   \
		if (!call.instance)                                                                \
			return failure;                                                            \
		return counted(&call, bytes, REAL(call.instance, name) forwarded, done);           \
	}

/* clang-format off */
PUTTING(PQputCopyData, (PGconn *conn, const char *buffer, int nbytes), (conn, buffer, nbytes), nbytes, 1, -1)
PUTTING(PQputnbytes, (PGconn *conn, const char *buffer, int nbytes), (conn, buffer, nbytes), nbytes, 0, EOF)
PUTTING(PQputline, (PGconn *conn, const char *string), (conn, string), (int)strlen(string), 0, EOF)
/* clang-format on */

STAND_IN int PQputCopyEnd(PGconn *conn, const char *errormsg)
{
	struct copy_call call = copy_call_begin(conn, CALLER_ADDRESS(), COPY_IN, "PQputCopyEnd");

	if (!call.instance)
		return -1;
	int answer = REAL(call.instance, PQputCopyEnd)(conn, errormsg);
	if (call.copy)
		call.copy->has_ended = answer == 1;
	return answer;
}
