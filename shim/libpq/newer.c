/* SPDX-License-Identifier: MIT */
/* Calls of libpq 17 that change what a prepared name or cursor means, or send SQL of their own. */
#include "shim/libpq/newer.h"

#include <stdio.h>
#include <stdlib.h>

#include "shim/libpq/origin.h"
#include "shim/libpq/submit.h"
#include "shim/preload/guard.h"

/* What a libpq lacks is not asked about, because it will not be sent. */
static bool has(const PGconn *conn, const void *caller, unsigned function)
{
	const struct instance *instance = origin_of(conn, caller).instance;

	return instance && instance_function(instance, function);
}

#define CLOSE(kind_, name_)                                                                        \
	((struct gate_call){ .kind = (kind_), .name = slice_of((name_) ? (name_) : "") })

#define CLOSES(name_, kind_)                                                                       \
	STAND_IN PGresult *name_(PGconn *conn, const char *target)                                 \
	{                                                                                          \
		struct submission submission;                                                      \
		if (!has(conn, CALLER_ADDRESS(), LIBPQ_##name_))                                   \
			return NULL;                                                               \
		submission_begin(&submission, conn, CALLER_ADDRESS(), CLOSE(kind_, target),        \
				 NO_BINDS);                                                        \
		PGresult *result =                                                                 \
			submission.is_refused                                                      \
				? REAL(submission.instance, PQexec)(conn, submission.text)         \
				: REAL(submission.instance, name_)(conn, submission.name);         \
		return submission_end(&submission, conn, result);                                  \
	}

#define CLOSES_LATER(name_, kind_)                                                                 \
	STAND_IN int name_(PGconn *conn, const char *target)                                       \
	{                                                                                          \
		struct submission submission;                                                      \
		if (!has(conn, CALLER_ADDRESS(), LIBPQ_##name_))                                   \
			return 0;                                                                  \
		submission_begin_sending(&submission, conn, CALLER_ADDRESS(),                      \
					 CLOSE(kind_, target), NO_BINDS);                          \
		if (!submission.instance)                                                          \
			return 0;                                                                  \
		int sent = submission.is_refused                                                   \
				   ? submission_send_refusal(&submission, conn)                    \
				   : REAL(submission.instance, name_)(conn, submission.name);      \
		return submission_sent(&submission, conn, sent);                                   \
	}

CLOSES(PQclosePrepared, GATE_CLOSE_PREPARED)
CLOSES(PQclosePortal, GATE_CLOSE_PORTAL)
CLOSES_LATER(PQsendClosePrepared, GATE_CLOSE_PREPARED)
CLOSES_LATER(PQsendClosePortal, GATE_CLOSE_PORTAL)

/* fe-auth.c of libpq sends two statements: SHOW password_encryption, and an ALTER USER with the
 * user's name and the hashed password quoted.  The password's own text is not needed for a
 * verdict. */
static char *alter_user(const struct instance *instance, PGconn *conn, const char *user)
{
	static const char FORMAT[] = "ALTER USER %s PASSWORD ''";
	char *name = user ? REAL(instance, PQescapeIdentifier)(conn, user, strlen(user)) : NULL;
	size_t size = name ? strlen(name) + sizeof(FORMAT) : 0;
	char *text = name ? malloc(size) : NULL;

	if (text)
		snprintf(text, size, FORMAT, name);
	if (name)
		REAL(instance, PQfreemem)(name);
	return text;
}

/* The ALTER was let pass: so must be what libpq asks in front of it, or nothing is sent. */
static PGresult *change_password(struct submission *alter, PGconn *conn, const void *caller,
				 const char *user, const char *passwd)
{
	struct submission show;

	submission_begin(
		&show, conn, caller,
		(struct gate_call){ .kind = GATE_QUERY, .text = SLICE("show password_encryption") },
		NO_BINDS);
	if (show.is_refused) {
		alter->flight.outcome.stage = MESSAGE_STAGE_UNSENT;
		submission_finish(alter, conn, true);
		return submission_end(&show, conn, REAL(show.instance, PQexec)(conn, show.text));
	}
	PGresult *result = REAL(alter->instance, PQchangePassword)(conn, user, passwd);

	submission_finish(&show, conn, !result);
	return submission_end(alter, conn, result);
}

STAND_IN PGresult *PQchangePassword(PGconn *conn, const char *user, const char *passwd)
{
	const void *caller = CALLER_ADDRESS();
	const struct instance *instance = origin_of(conn, caller).instance;
	struct submission alter;

	if (!instance || !instance_function(instance, LIBPQ_PQchangePassword))
		return NULL;
	char *text = alter_user(instance, conn, user);

	if (!text)
		return NULL;
	submission_begin(&alter, conn, caller,
			 (struct gate_call){ .kind = GATE_QUERY, .text = slice_of(text) },
			 NO_BINDS);
	free(text);
	if (alter.is_refused)
		return submission_end(&alter, conn, REAL(alter.instance, PQexec)(conn, alter.text));
	if (!alter.connection)
		return REAL(alter.instance, PQchangePassword)(conn, user, passwd);
	return change_password(&alter, conn, caller, user, passwd);
}
