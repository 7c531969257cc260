/* SPDX-License-Identifier: MIT */
/* Carrying cancel requests of programs that dial for themselves: the 16 bytes that PQcancel would
 * send, read from the program, held against what is known of its connections, and only then written
 * to the server.
 *
 * The program has one end of a socket pair, and the socket that leads to the server only passed
 * through it.  Its open file is still the program's too, as far as flags go, so that nothing here
 * relies on O_NONBLOCK being set. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/address.h"
#include "common/clock.h"
#include "tools/chaperone/agent.h"

#define REQUEST_SIZE 16u
#define PROCESS_AT   8u /* in it; the secret key is behind that */

/* A program writes as soon as it is connected; a server closes as soon as it has read. */
#define REQUEST_WITHIN_S 2
#define ANSWER_WITHIN_S  10

#define CARRIES_MAX            64u
#define CARRIES_OF_PROCESS_MAX 8u
/* One that never writes may have been interrupted; who writes something else is no such client. */
#define MISUSES_MAX 8u

/* Length and code (CancelRequest, "Message Formats" of PostgreSQL's manual). */
static const unsigned char REQUEST[PROCESS_AT] = { 0, 0, 0, REQUEST_SIZE, 0x04, 0xd2, 0x16, 0x2e };

struct agent_carry {
	struct agent *agent;
	uint64_t process;
	char address[ADDRESS_TEXT_MAX];
	int from, to;
	struct event *heard, *answered, *deadline; /* on `from`; on `to`; of both */
	/* one byte more than may come */
	unsigned char request[REQUEST_SIZE + 1];
	size_t length;
	struct agent_carry *next;
};

static void event_done(struct event **event)
{
	if (*event)
		event_free(*event);
	*event = NULL;
}

/* Ends a connection for whoever has it too: a worker that was forked meanwhile, the program.  It
 * must not wait for a peer, whatever the program has set on its socket. */
static void hang_up(int fd)
{
	const struct linger none = { 0, 0 };

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	shutdown(fd, SHUT_RDWR);
	close(fd);
}

static void carry_free(struct agent_carry *carry)
{
	event_done(&carry->heard);
	event_done(&carry->answered);
	event_done(&carry->deadline);
	hang_up(carry->from);
	hang_up(carry->to);
	free(carry);
}

static void carry_end(struct agent_carry *carry)
{
	struct agent_carry **at = &carry->agent->carries;

	while (*at != carry)
		at = &(*at)->next;
	*at = carry->next;
	carry_free(carry);
}

void agent_carries_end(struct agent *agent)
{
	while (agent->carries)
		carry_end(agent->carries);
}

/* What came is no request of the program's own. */
static void carry_refuse(struct agent_carry *carry, const char *why, uint32_t weight)
{
	struct agent_process *process = agent_process_find(carry->agent, carry->process);

	if (process)
		process->carry_misuses += weight;
	agent_note(carry->agent, carry->process,
		   "refused: a connection to a database by a client that is not governed: %s (%s)",
		   carry->address, why);
	carry_end(carry);
}

static void carry_fail(struct agent_carry *carry, int code)
{
	agent_note(carry->agent, carry->process,
		   "a cancel request of the program's own could not be carried to %s: %s",
		   carry->address, strerror(-code));
	carry_end(carry);
}

static bool is_at(const struct agent_connection *connection, uint64_t process, struct slice address)
{
	return connection->process->number == process && connection->peer[0] &&
	       slice_is(address, connection->peer);
}

/* The connection of the process whose statement the request ends, or NULL. */
static const struct agent_connection *connection_meant(const struct agent_carry *carry)
{
	const unsigned char *at = carry->request + PROCESS_AT;
	uint32_t pid = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
	const struct agent_connection *c = carry->agent->connections;

	while (c && !(is_at(c, carry->process, slice_of(carry->address)) &&
		      (uint32_t)session_address(c->session)->backend_pid == pid))
		c = c->next;
	return c;
}

static void server_answered(evutil_socket_t to, short what, void *context)
{
	(void)to;
	(void)what;
	carry_end(context); /* the program sees what it waits for: the end */
}

/* What keeps the request from being sent. */
static int check_way(const struct agent_carry *carry)
{
	char address[ADDRESS_TEXT_MAX];
	socklen_t size = sizeof(int);
	int failed = 0;

	if (getsockopt(carry->to, SOL_SOCKET, SO_ERROR, &failed, &size) < 0 || failed != 0)
		return failed ? -failed : -errno;
	int r = address_of_peer(carry->to, address, sizeof(address));
	return r == 0 && strcmp(address, carry->address) != 0 ? -EADDRNOTAVAIL : r;
}

static int write_request(const struct agent_carry *carry)
{
	int r = check_way(carry);

	if (r < 0)
		return r;
	ssize_t n = send(carry->to, carry->request, REQUEST_SIZE, MSG_DONTWAIT | MSG_NOSIGNAL);
	return n == REQUEST_SIZE ? 0 : n < 0 ? -errno : -EAGAIN;
}

static int await(struct agent_carry *carry, struct event **event, int fd, short what,
		 event_callback_fn callback)
{
	*event = event_new(carry->agent->loop, fd, what, callback, carry);
	return *event && event_add(*event, NULL) == 0 ? 0 : -ENOMEM;
}

static void server_reached(evutil_socket_t to, short what, void *context)
{
	struct agent_carry *carry = context;
	const struct agent_connection *connection = connection_meant(carry);

	(void)what;
	if (!connection || carry->agent->is_full) {
		carry_fail(carry, connection ? -ENOSPC : -ENOTCONN);
		return;
	}
	int r = write_request(carry);
	event_done(&carry->answered);
	if (r == 0)
		r = await(carry, &carry->answered, (int)to, EV_READ, server_answered);
	if (r < 0)
		carry_fail(carry, r);
	else
		agent_note(carry->agent, connection->number,
			   "a cancel request of the program's own was carried to %s",
			   carry->address);
}

static int set_deadline(struct agent_carry *carry, time_t seconds)
{
	const struct timeval within = { seconds, 0 };

	return event_add(carry->deadline, &within) == 0 ? 0 : -ENOMEM;
}

static void request_complete(struct agent_carry *carry)
{
	if (memcmp(carry->request, REQUEST, sizeof(REQUEST)) != 0) {
		carry_refuse(carry, "what it wrote is no cancel request", MISUSES_MAX);
		return;
	}
	if (!connection_meant(carry)) {
		carry_refuse(carry, "its cancel request is for no connection of its own",
			     MISUSES_MAX);
		return;
	}
	int r = set_deadline(carry, ANSWER_WITHIN_S);
	if (r == 0)
		r = await(carry, &carry->answered, carry->to, EV_WRITE, server_reached);
	if (r < 0)
		carry_fail(carry, r);
}

/* Nothing more comes, which is allowed behind a whole request. */
static void program_ended(struct agent_carry *carry)
{
	if (carry->length < REQUEST_SIZE)
		carry_refuse(carry, "it wrote no cancel request", 1);
	else
		event_del(carry->heard);
}

static void program_wrote(evutil_socket_t from, short what, void *context)
{
	struct agent_carry *carry = context;
	size_t before = carry->length;
	ssize_t n = recv((int)from, carry->request + before, sizeof(carry->request) - before,
			 MSG_DONTWAIT);

	(void)what;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		program_ended(carry);
		return;
	}
	carry->length += (size_t)n;
	if (carry->length > REQUEST_SIZE)
		carry_refuse(carry, "it wrote more than a cancel request", MISUSES_MAX);
	else if (carry->length == REQUEST_SIZE)
		request_complete(carry);
}

static void time_is_up(evutil_socket_t none, short what, void *context)
{
	struct agent_carry *carry = context;

	(void)none;
	(void)what;
	if (carry->length < REQUEST_SIZE)
		carry_refuse(carry, "it wrote no cancel request in time", 1);
	else
		carry_end(carry);
}

static bool has_connection(const struct agent *agent, uint64_t process, struct slice address)
{
	const struct agent_connection *c = agent->connections;

	while (c && !is_at(c, process, address))
		c = c->next;
	return c;
}

static bool has_room(const struct agent *agent, uint64_t process)
{
	size_t all = 0, own = 0;

	for (const struct agent_carry *c = agent->carries; c; c = c->next) {
		all++;
		own += c->process == process;
	}
	return all < CARRIES_MAX && own < CARRIES_OF_PROCESS_MAX;
}

/* Where dialling is let pass, or everything that is not recorded is stopped, this is no third
 * way. */
static bool may_carry(const struct agent *agent, const struct agent_process *process,
		      struct slice address)
{
	return process && process->carry_misuses < MISUSES_MAX && agent_stops_outside(agent) &&
	       !agent->is_full && address.length < ADDRESS_TEXT_MAX &&
	       has_connection(agent, process->number, address) && has_room(agent, process->number);
}

static bool is_stream(int fd, bool is_pair)
{
	int type = 0, domain = 0;
	socklen_t type_size = sizeof(type), domain_size = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_size) == 0 && type == SOCK_STREAM &&
	       getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_size) == 0 &&
	       (domain == AF_UNIX || (!is_pair && (domain == AF_INET || domain == AF_INET6)));
}

static int begin(struct agent *agent, uint64_t process, struct slice address, int *descriptors)
{
	struct agent_carry *carry = calloc(1, sizeof(*carry));

	if (!carry)
		return -ENOMEM;
	carry->agent = agent;
	carry->process = process;
	memcpy(carry->address, address.at, address.length);
	carry->from = steal_fd(&descriptors[0]);
	carry->to = steal_fd(&descriptors[1]);
	carry->next = agent->carries;
	agent->carries = carry;
	carry->deadline = evtimer_new(agent->loop, time_is_up, carry);
	int r = carry->deadline ? set_deadline(carry, REQUEST_WITHIN_S) : -ENOMEM;
	if (r == 0)
		r = await(carry, &carry->heard, carry->from, EV_READ | EV_PERSIST, program_wrote);
	if (r < 0)
		carry_end(carry);
	return r;
}

enum message_permit agent_carry(struct agent *agent, const struct message_carry *carry,
				int *descriptors)
{
	const struct agent_process *process = agent_process_find(agent, carry->process);

	if (!may_carry(agent, process, carry->address))
		return PERMIT_REFUSE;
	if (descriptors[0] < 0)
		return PERMIT_PASS;
	if (!is_stream(descriptors[0], true) || !is_stream(descriptors[1], false) ||
	    begin(agent, process->number, carry->address, descriptors) < 0)
		return PERMIT_REFUSE;
	return PERMIT_PASS;
}
