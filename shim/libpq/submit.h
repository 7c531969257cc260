/* SPDX-License-Identifier: MIT */
/* One call that sends SQL: from its entry to its forwarding and back. */
#ifndef SHIM_LIBPQ_SUBMIT_H
#define SHIM_LIBPQ_SUBMIT_H

#include "shim/libpq/session.h"

#define NO_BINDS ((struct binds){ 0 })

/* A call on its way.  With `connection` NULL it passes unjudged: it comes from libpq itself, or
 * libpq is going to refuse it (no connection, no text). */
struct submission {
	const struct instance *instance; /* NULL: there is no libpq to forward to */
	struct gate_connection *connection;
	struct flight flight;
	const char *text;   /* what to forward: our copy of the text, or what raises the refusal */
	const char *name;   /* likewise of the prepared statement's name */
	struct binds binds; /* likewise of what it binds */
	bool is_pipelined;  /* the connection is in pipeline mode */
	bool is_refused;
};

/* Judges a call that waits for its result, and records its intent.  `caller` is the stand-in's
 * CALLER_ADDRESS(), `binds` what the program bound. */
void submission_begin(struct submission *submission, PGconn *conn, const void *caller,
		      struct gate_call call, struct binds binds);

/* The same for a call whose results come later (PQsend…).  Without room for it the submission has
 * no instance. */
void submission_begin_sending(struct submission *submission, PGconn *conn, const void *caller,
			      struct gate_call call, struct binds binds);

/* Ends a call that returned its result: masks it, records the outcome. */
PGresult *submission_end(struct submission *submission, PGconn *conn, PGresult *result);

/* Ends a call whose results come later (PQsend…): `sent` is what libpq returned. */
int submission_sent(struct submission *submission, PGconn *conn, int sent);

/* Sends the refusal in place of a PQsend… call, in the way that the connection's mode allows. */
int submission_send_refusal(const struct submission *submission, PGconn *conn);

/* Ends a call that returns no PGresult (lo_…): runs the refusal if there is one.  True when the
 * call may be made. */
bool submission_proceeds(struct submission *submission, PGconn *conn);
void submission_finish(struct submission *submission, PGconn *conn, bool failed);

#endif
