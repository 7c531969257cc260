/* SPDX-License-Identifier: MIT */
#include "tools/server/http/deadline.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>

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

/* What the kernel has for us and nobody read; 0 where that is not known. */
static uint64_t unread_bytes(int socket)
{
	int bytes;

	return ioctl(socket, FIONREAD, &bytes) == 0 && bytes > 0 ? (uint64_t)bytes : 0;
}

/* How many bytes came in all; 0 where that is not known. */
static uint64_t received_bytes(int socket)
{
	struct tcp_info info = { .tcpi_bytes_received = 0 };
	socklen_t length = sizeof(info);

	return getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) == 0
		       ? info.tcpi_bytes_received
		       : 0;
}

/* Whether what is there waits since the last look.  Who sends a byte whenever somebody looks has it read meanwhile. */
static bool waits_for_server(struct deadline *deadline)
{
	uint64_t unread = unread_bytes(deadline->socket);
	uint64_t taken = unread > 0 ? received_bytes(deadline->socket) - unread : 0;
	bool waits = unread > 0 && (!deadline->was_unread || taken == deadline->taken_bytes);

	deadline->was_unread = unread > 0;
	deadline->taken_bytes = taken;
	return waits;
}

/* Of who sends. */
static bool has_turn(uint64_t state)
{
	switch (state & PHASE_MASK) {
	case DEADLINE_FIRST_HEAD:
	case DEADLINE_NEXT_HEAD:
	case DEADLINE_BODY:
		return true;
	default:
		return false;
	}
}

/* Leaves out the time for which the server did not read what is there; a connection that went on meanwhile has another
 * time already. */
static void leave_out(struct deadline *deadline, uint64_t *state, uint64_t passed_ns)
{
	if (!has_turn(*state) || !waits_for_server(deadline))
		return;
	uint64_t later = *state + (passed_ns << PHASE_BITS);
	if (atomic_compare_exchange_strong_explicit(&deadline->state, state, later,
						    memory_order_relaxed, memory_order_relaxed))
		*state = later;
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
	uint64_t now_ns = monotonic_ns(), passed_ns = now_ns - deadlines->looked_ns;

	deadlines->looked_ns = now_ns;
	pthread_mutex_lock(&deadlines->lock);
	uint64_t patience_ns = deadline_patience_ns(deadlines->count, deadlines->most);
	for (struct deadline *at = deadlines->first; at; at = at->next) {
		uint64_t state = atomic_load_explicit(&at->state, memory_order_relaxed);

		leave_out(at, &state, passed_ns);
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
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.most = most,
		.looked_ns = monotonic_ns(),
		.tell = tell,
		.context = context,
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

static bool is_gone(int socket)
{
	struct pollfd other = { .fd = socket, .events = POLLRDHUP };

	return poll(&other, 1, 0) > 0;
}

struct deadline *deadline_begin(struct deadlines *deadlines, int socket)
{
	struct deadline *deadline = is_gone(socket) ? NULL : calloc(1, sizeof(*deadline));

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
