/* SPDX-License-Identifier: MIT */
/* The COPY that a connection is in: from the result that opens it to the one that says how it
 * ended. */
#ifndef SHIM_LIBPQ_COPY_H
#define SHIM_LIBPQ_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "policy/core/copy_stream.h"
#include "shim/libpq/real.h"

enum copy_direction {
	COPY_NONE,
	COPY_OUT,
	COPY_IN,
	COPY_BOTH, /* replication */
};

/* What happens to the messages of a COPY OUT. */
enum copy_passage {
	COPY_PASSES,
	COPY_REWRITES,
	COPY_WITHHOLDS, /* not one byte of it is shown */
};

/* Zeroed: none. */
struct copy {
	enum copy_direction direction;
	enum copy_passage passage;
	bool has_ended;            /* its last message has been read; its result has not */
	struct copy_stream stream; /* COPY_REWRITES */
	struct buf row;            /* a message, rewritten */
	struct buf line; /* a message that PQgetline and PQgetlineAsync hand out in parts, */
	size_t line_at;  /* up to here */
	uint64_t rows, bytes;
};

struct flight;
struct gate_connection;
struct session;

/* Whether the result opens a COPY. */
bool copy_opens(const struct instance *instance, const PGresult *result);

/* Notes that the flight's result opened a COPY; again, when libpq gives that result again. */
void copy_begin(struct gate_connection *connection, struct flight *flight, const PGresult *result);

/* Adds what the COPY moved to the flight's outcome, when `result` says how it ended.  False when
 * that result must not be shown, because rows were withheld. */
bool copy_settle(PGconn *conn, struct session *session, struct flight *flight,
		 const PGresult *result);

/* Forgets the COPY, its memory included. */
void copy_drop(struct copy *copy);

/* A COPY call of the program: where it goes. */
struct copy_call {
	const struct instance *instance;    /* NULL: the call fails */
	struct gate_connection *connection; /* NULL: it passes */
	struct copy *copy;                  /* the one that it is about; NULL: it passes */
};

/* Decides on a call for a COPY in one direction.  `name` is the function's. */
struct copy_call copy_call_begin(PGconn *conn, const void *caller, enum copy_direction direction,
				 const char *name);

#endif
