/* SPDX-License-Identifier: MIT */
/* Notices on their way to the program's receiver.  Ours stands in front of it from the first
 * statement on whose texts are hidden.  libpq's default receiver hands the result's message to the
 * notice processor, or prints it, so that those need nothing.  The program's receiver may leave by
 * longjmp: it is called last. */
#include "shim/libpq/notice.h"

#include <stdatomic.h>

#include "shim/libpq/diagnosis.h"
#include "shim/libpq/origin.h"
#include "shim/preload/guard.h"

/* Receivers that were set on connections which nothing was known of yet: psycopg 3 sets one before
 * it polls.  libpq tells a receiver's function, but not its argument. */
#define EARLY_MAX 256

static struct {
	_Atomic(const PGconn *) conn; /* NULL: free */
	_Atomic(void *) argument;
} early[EARLY_MAX];

static _Atomic(unsigned) early_count;
static atomic_bool early_was_full;

static void forget(const PGconn *conn)
{
	for (size_t i = 0; atomic_load(&early_count) > 0 && i < EARLY_MAX; i++) {
		const PGconn *expected = conn;

		if (atomic_compare_exchange_strong(&early[i].conn, &expected, NULL))
			atomic_fetch_sub(&early_count, 1);
	}
}

static void remember(const PGconn *conn, void *argument)
{
	forget(conn);
	for (size_t i = 0; argument && i < EARLY_MAX; i++) {
		const PGconn *expected = NULL;

		if (!atomic_compare_exchange_strong(&early[i].conn, &expected, conn))
			continue;
		atomic_store(&early[i].argument, argument);
		atomic_fetch_add(&early_count, 1);
		return;
	}
	if (argument)
		atomic_store(&early_was_full, true);
}

static void *recall(const PGconn *conn)
{
	for (size_t i = 0; atomic_load(&early_count) > 0 && i < EARLY_MAX; i++) {
		if (atomic_load(&early[i].conn) == conn)
			return atomic_load(&early[i].argument);
	}
	return NULL;
}

void notice_start(const PGconn *conn, struct session *session)
{
	session->receiver_argument = recall(conn);
	forget(conn);
}

static void receive(void *conn, const PGresult *result)
{
	struct gate_connection *connection = gate_find(conn);
	struct session *session = connection ? gate_state(connection) : NULL;

	if (!session || !session->receiver)
		return;
	{
		KEEP_ERRNO;
		diagnosis_pass(conn, session, result, session_hiding(session));
	}
	session->receiver(session->receiver_argument, result);
}

void notice_watch(PGconn *conn, struct session *session)
{
	if (session->is_receiving)
		return;
	session->receiver = REAL(session->instance, PQsetNoticeReceiver)(conn, receive, conn);
	/* Whose argument may be lost cannot be called. */
	if (!session->receiver_argument && atomic_load(&early_was_full))
		session->receiver = NULL;
	session->is_receiving = true;
}

void notice_end(PGconn *conn, const struct session *session)
{
	if (!session)
		return;
	PQnoticeReceiver receiver = session->is_receiving ? session->receiver : NULL;
	void *argument = session->receiver_argument;

	if (receiver)
		REAL(session->instance, PQsetNoticeReceiver)(conn, receiver, argument);
	remember(conn, argument);
}

void notice_forget(const PGconn *conn)
{
	forget(conn);
}

static PQnoticeReceiver exchange(struct session *session, PQnoticeReceiver receiver, void *argument)
{
	PQnoticeReceiver before = session->receiver;

	if (receiver) {
		session->receiver = receiver;
		session->receiver_argument = argument;
	}
	return before;
}

STAND_IN PQnoticeReceiver PQsetNoticeReceiver(PGconn *conn, PQnoticeReceiver proc, void *arg)
{
	struct origin origin = origin_of(conn, CALLER_ADDRESS());
	struct session *session = origin.session;

	if (!origin.instance)
		return NULL;
	if (session && session->is_receiving)
		return exchange(session, proc, arg);
	if (session && proc)
		session->receiver_argument = arg;
	else if (conn && proc && !origin.is_internal)
		remember(conn, arg);
	return REAL(origin.instance, PQsetNoticeReceiver)(conn, proc, arg);
}
