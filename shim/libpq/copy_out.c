/* SPDX-License-Identifier: MIT */
/* COPY to the program: every message is rewritten before the program sees it.  The server sends one
 * row in each (manual, 55.2.6); what is not whole rows is withheld, with all that follows. */
#include <stdio.h>
#include <stdlib.h>

#include "shim/libpq/copy.h"
#include "shim/libpq/origin.h"
#include "shim/preload/guard.h"

/* Puts the rewritten row into libpq's buffer, or into a larger one that PQfreemem frees as well. */
static int replace(struct copy *copy, char **buffer, int length)
{
	char *room = *buffer;

	if (copy->row.length > (size_t)length) {
		room = realloc(*buffer, copy->row.length + 1);
		if (!room)
			return -ENOMEM;
		*buffer = room;
	}
	memcpy(room, copy->row.at, copy->row.length);
	room[copy->row.length] = '\0';
	return (int)copy->row.length;
}

/* The length of what the program gets of a message; negative when it must not get it. */
static int rewrite(struct copy *copy, char **buffer, int length)
{
	bool is_changed = false;

	buf_clear(&copy->row);
	int r = copy_stream_pass(&copy->stream, (struct slice){ *buffer, (size_t)length },
				 &copy->row, &is_changed);
	if (r < 0 || !is_changed)
		return r < 0 ? r : length;
	return replace(copy, buffer, length);
}

static void discard(const struct copy_call *call, char **buffer)
{
	REAL(call->instance, PQfreemem)(*buffer);
	*buffer = NULL;
}

/* Reads on without showing anything.  What PQgetCopyData returns when it fails. */
static int drain(const struct copy_call *call, PGconn *conn, char **buffer, int async)
{
	int length;

	while ((length = REAL(call->instance, PQgetCopyData)(conn, buffer, async)) > 0)
		discard(call, buffer);
	call->copy->has_ended = length < 0;
	return length < 0 ? -2 : 0;
}

static int pass(const struct copy_call *call, char **buffer, int length)
{
	KEEP_ERRNO;
	struct copy *copy = call->copy;

	copy->rows++;
	copy->bytes += (size_t)length;
	if (copy->passage != COPY_REWRITES)
		return length;
	int rewritten = rewrite(copy, buffer, length);
	if (rewritten < 0) {
		discard(call, buffer);
		copy->passage = COPY_WITHHOLDS;
		gate_note(call->connection,
			  "rows of a COPY were withheld: they do not read as the statement says");
	}
	return rewritten;
}

/* The next message as the program may see it; otherwise as PQgetCopyData. */
static int next_message(const struct copy_call *call, PGconn *conn, char **buffer, int async)
{
	if (call->copy->passage == COPY_WITHHOLDS)
		return drain(call, conn, buffer, async);
	int length = REAL(call->instance, PQgetCopyData)(conn, buffer, async);
	if (length <= 0) {
		call->copy->has_ended = length < 0;
		return length;
	}
	length = pass(call, buffer, length);
	return length < 0 ? drain(call, conn, buffer, async) : length;
}

STAND_IN int PQgetCopyData(PGconn *conn, char **buffer, int async)
{
	struct copy_call call = copy_call_begin(conn, CALLER_ADDRESS(), COPY_OUT, "PQgetCopyData");

	if (!call.instance) {
		*buffer = NULL;
		return -2;
	}
	if (!call.copy)
		return REAL(call.instance, PQgetCopyData)(conn, buffer, async);
	return next_message(&call, conn, buffer, async);
}

/* ---- the old calls, which hand a message out in parts ---- */

/* Makes sure that there is something to hand out; otherwise as PQgetlineAsync. */
static int fill_line(const struct copy_call *call, PGconn *conn, int async)
{
	struct copy *copy = call->copy;
	char *buffer = NULL;

	if (copy->line_at < copy->line.length)
		return 1;
	int length = next_message(call, conn, &buffer, async);
	if (length <= 0)
		return length < 0 ? -1 : 0;
	buf_clear(&copy->line);
	buf_add(&copy->line, buffer, (size_t)length);
	copy->line_at = 0;
	discard(call, &buffer);
	return copy->line.failed ? -1 : 1;
}

static int take_part(struct copy *copy, char *room, int size)
{
	struct slice part =
		slice_part(buf_view(&copy->line), copy->line_at, size > 0 ? (size_t)size : 0);

	if (part.length > 0)
		memcpy(room, part.at, part.length);
	copy->line_at += part.length;
	return (int)part.length;
}

STAND_IN int PQgetlineAsync(PGconn *conn, char *buffer, int bufsize)
{
	struct copy_call call = copy_call_begin(conn, CALLER_ADDRESS(), COPY_OUT, "PQgetlineAsync");

	if (!call.instance)
		return -1;
	if (!call.copy)
		return REAL(call.instance, PQgetlineAsync)(conn, buffer, bufsize);
	int state = fill_line(&call, conn, 1);
	return state == 1 ? take_part(call.copy, buffer, bufsize) : state;
}

STAND_IN int PQgetline(PGconn *conn, char *buffer, int length)
{
	struct copy_call call = copy_call_begin(conn, CALLER_ADDRESS(), COPY_OUT, "PQgetline");

	if (buffer && !call.instance)
		buffer[0] = '\0';
	if (!call.instance)
		return EOF;
	if (!call.copy || !buffer || length < 3) /* libpq refuses those */
		return REAL(call.instance, PQgetline)(conn, buffer, length);
	if (fill_line(&call, conn, 0) != 1) {
		memcpy(buffer, "\\.", 3);
		return 0;
	}
	int taken = take_part(call.copy, buffer, length - 1);
	bool is_whole = taken > 0 && buffer[taken - 1] == '\n';
	buffer[taken - is_whole] = '\0';
	return !is_whole;
}

/* Reads the result itself, which then nobody else does. */
STAND_IN int PQendcopy(PGconn *conn)
{
	struct origin origin = origin_of(conn, CALLER_ADDRESS());
	struct session *session = origin.session;

	if (!session)
		return origin.instance ? REAL(origin.instance, PQendcopy)(conn) : 1;
	int failed = REAL(session->instance, PQendcopy)(conn);
	struct flight *flight = flights_front(&session->flights);
	if (!flight || session->copy.direction == COPY_NONE)
		return failed;
	/* Behind the last line libpq says that there is no COPY, and leaves its result to be
	 * read. */
	flight->outcome.status =
		failed && !session->copy.has_ended ? RING_STATUS_ERROR : RING_STATUS_OK;
	bool is_shown = copy_settle(conn, session, flight, NULL);
	if (!failed)
		flight->outcome.completed = ++flight->statement;
	return is_shown ? failed : 1;
}
