/* SPDX-License-Identifier: MIT */
#include "tools/server/http/deadline.h"

#include <stdlib.h>

#define PHASE_BITS 3u
#define PHASE_MASK ((1u << PHASE_BITS) - 1)

static const char *const WHYS[] = {
	[DEADLINE_FIRST_HEAD] = "its head did not come in time",
	[DEADLINE_NEXT_HEAD] = "its head did not come in time",
	[DEADLINE_BODY] = "its body did not come in time",
	[DEADLINE_SERVER] = "",
	[DEADLINE_ANSWER] = "its answer was not read in time",
};

uint64_t deadline_patience_ns(size_t count, size_t most)
{
	size_t half = most / 2, room = count < most ? most - count : 0;

	if (room >= half)
		return DEADLINE_HEAD_NS;
	return DEADLINE_HEAD_MIN_NS + (DEADLINE_HEAD_NS - DEADLINE_HEAD_MIN_NS) * room / half;
}

/* A connection that pauses has as long again for that, which libmicrohttpd ends by itself. */
static bool is_late(uint64_t state, uint64_t now_ns, uint64_t patience_ns)
{
	uint64_t at_ns = state >> PHASE_BITS;

	switch (state & PHASE_MASK) {
	case DEADLINE_FIRST_HEAD:
		return now_ns > at_ns + patience_ns;
	case DEADLINE_NEXT_HEAD:
		return now_ns > at_ns + (patience_ns == DEADLINE_HEAD_NS ? 2 : 1) * patience_ns;
	case DEADLINE_BODY:
	case DEADLINE_ANSWER:
		return now_ns > at_ns;
	case DEADLINE_SERVER:
	default:
		return false;
	}
}

/* libmicrohttpd finds an end of the connection, and closes it. */
static void cut(const struct deadlines *deadlines, struct deadline *deadline, const char *why)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);
	bool is_known = getpeername(deadline->socket, (struct sockaddr *)&address, &length) == 0;

	deadline->is_cut = true;
	shutdown(deadline->socket, SHUT_RDWR);
	deadlines->tell(deadlines->context, is_known ? (struct sockaddr *)&address : NULL, why);
}

static void look(void *context)
{
	struct deadlines *deadlines = context;
	uint64_t now_ns = monotonic_ns();

	pthread_mutex_lock(&deadlines->lock);
	uint64_t patience_ns = deadline_patience_ns(deadlines->count, deadlines->most);
	for (struct deadline *at = deadlines->first; at; at = at->next) {
		uint64_t state = atomic_load_explicit(&at->state, memory_order_relaxed);

		if (!at->is_cut && is_late(state, now_ns, patience_ns))
			cut(deadlines, at, WHYS[state & PHASE_MASK]);
	}
	pthread_mutex_unlock(&deadlines->lock);
}

int deadlines_start(struct deadlines *deadlines, size_t most,
		    void (*tell)(void *context, const struct sockaddr *address, const char *why),
		    void *context)
{
	*deadlines = (struct deadlines){
		.lock = PTHREAD_MUTEX_INITIALIZER, .most = most, .tell = tell, .context = context
	};
	return ticker_start(&deadlines->ticker, SECOND_NS, look, deadlines);
}

void deadlines_stop(struct deadlines *deadlines)
{
	ticker_stop(&deadlines->ticker);
}

size_t deadlines_count(struct deadlines *deadlines)
{
	pthread_mutex_lock(&deadlines->lock);
	size_t count = deadlines->count;
	pthread_mutex_unlock(&deadlines->lock);
	return count;
}

struct deadline *deadline_begin(struct deadlines *deadlines, int socket)
{
	struct deadline *deadline = calloc(1, sizeof(*deadline));

	if (!deadline)
		return NULL;
	deadline->socket = socket;
	deadline_set(deadline, DEADLINE_FIRST_HEAD, 0);
	pthread_mutex_lock(&deadlines->lock);
	deadline->next = deadlines->first;
	if (deadlines->first)
		deadlines->first->prior = deadline;
	deadlines->first = deadline;
	deadlines->count++;
	pthread_mutex_unlock(&deadlines->lock);
	return deadline;
}

void deadline_end(struct deadlines *deadlines, struct deadline *deadline)
{
	if (!deadline)
		return;
	pthread_mutex_lock(&deadlines->lock);
	if (deadline->prior)
		deadline->prior->next = deadline->next;
	else
		deadlines->first = deadline->next;
	if (deadline->next)
		deadline->next->prior = deadline->prior;
	deadlines->count--;
	pthread_mutex_unlock(&deadlines->lock);
	free(deadline);
}

void deadline_set(struct deadline *deadline, enum deadline_phase phase, uint64_t until_ns)
{
	if (!deadline)
		return;
	bool is_head = phase == DEADLINE_FIRST_HEAD || phase == DEADLINE_NEXT_HEAD;
	uint64_t at_ns = is_head ? monotonic_ns() : until_ns;
	atomic_store_explicit(&deadline->state, at_ns << PHASE_BITS | phase, memory_order_relaxed);
}
