/* SPDX-License-Identifier: MIT */
/* Connections that take their time are cut.  libmicrohttpd lets a connection live as long as it moves,
 * however slowly: whoever sends a head byte by byte, or reads an answer so, would have it for ever.  Each
 * connection here has a time until which it has to be done with what it does, and one thread looks.
 *
 * What counts is the time for which the server waits for its reader or sender.  While bytes of a head or a body wait to
 * be read it is the server's turn, and no fault of who sent them that others are before him: such time does not count.
 *
 * There is no maximum for one address: whole offices of machines come from one.  Instead, the fewer
 * connections are left, the sooner those that only wait or send a head have to go, whose they are. */
#ifndef TOOLS_SERVER_HTTP_DEADLINE_H
#define TOOLS_SERVER_HTTP_DEADLINE_H

#include <stdatomic.h>
#include <stddef.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "tools/server/common/ticker.h"

#define DEADLINE_HEAD_NS                                                                           \
	(15 * SECOND_NS) /* TLS's handshake included; half of all or fewer are there */
#define DEADLINE_HEAD_MIN_NS (SECOND_NS) /* all are there */

/* What a connection does. */
enum deadline_phase {
	DEADLINE_FIRST_HEAD, /* since it began */
	DEADLINE_NEXT_HEAD,  /* since its last answer: it may pause as well */
	DEADLINE_BODY,
	DEADLINE_SERVER, /* the server's turn: it has no end */
	DEADLINE_ANSWER,
};

struct deadline {
	struct deadline *prior, *next;
	int socket;
	/* What it does, with when a head began or when a body or an answer has to be done (monotonic), in
	 * one word: who looks must not take one's time for the other's. */
	_Atomic uint64_t state;
	/* The rest is of who looks. */
	bool is_cut;
	bool was_unread;      /* the last time: something waited to be read, */
	uint64_t taken_bytes; /* behind so many that were read */
};

struct deadlines {
	struct ticker ticker;
	pthread_mutex_t lock;
	struct deadline *first;
	size_t count, most;
	uint64_t looked_ns; /* monotonic, the last time */
	void (*tell)(void *context, const struct sockaddr *address, const char *why);
	void *context;
};

/* Begins to look, every second.  `most`: how many connections there can be.  `tell` is called with
 * whose connection is cut, and why. */
must_use int deadlines_start(struct deadlines *deadlines, size_t most,
			     void (*tell)(void *context, const struct sockaddr *address,
					  const char *why),
			     void *context);

/* Ends that; nobody is cut any more.  Does nothing to what was not started. */
void deadlines_stop(struct deadlines *deadlines);

/* A connection begins, and ends before its socket is closed.  NULL: there is no memory, or whoever opened it has gone away
 * while it waited to be accepted. */
struct deadline *deadline_begin(struct deadlines *deadlines, int socket);
void deadline_end(struct deadlines *deadlines, struct deadline *deadline);

/* How many there are. */
size_t deadlines_count(struct deadlines *deadlines);

/* The connection goes on to something else, which has until `until_ns` (monotonic) if it is a body or an
 * answer.  Costs nothing. */
void deadline_set(struct deadline *deadline, enum deadline_phase phase, uint64_t until_ns);

/* How long a head may take while so many of `most` connections are there. */
uint64_t deadline_patience_ns(size_t count, size_t most);

#endif
