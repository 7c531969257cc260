/* SPDX-License-Identifier: MIT */
/* The way to the agent: socket pool and attachment.  Descriptors are kept out of the low numbers
 * and recognised before each use, because hosts close and reuse numbers that are not theirs. */
#include "shim/gate/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "shim/gate/own_agent.h"
#include "shim/gate/peer.h"
#include "shim/gate/place.h"
#include "shim/preload/guard.h"
#include "shim/preload/process.h"

#define POOL_SIZE         8
#define DESCRIPTOR_LOW    512
#define DESCRIPTOR_LOWEST 16
#define RETRY_NS          (20 * MILLISECOND_NS)
#define START_PAUSE_NS    (500 * MILLISECOND_NS)
#define REASON_LASTS_NS   (1 * SECOND_NS) /* then it may have gone */

/* A pooled socket, packed into one word so that it is taken and given in one step: number + 1, and
 * a part of the inode that it had when it was opened.  0: an empty place. */
static _Atomic uint64_t pool[POOL_SIZE];
static _Atomic uint32_t pool_pid;

static _Atomic(struct attachment *) current;
static _Atomic uint32_t attaching_pid; /* the process in which some thread is attaching; 0: none */

static _Atomic(const char *) start_problem; /* a static phrase; NULL: none */

static uint32_t inode_of(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode) ? (uint32_t)status.st_ino : 0;
}

/* A forked child must not share its parent's conversations: it forgets them, and leaves the
 * descriptors alone. */
static void forget_pool_of_parent(void)
{
	uint32_t pid = process_number(), before = atomic_load(&pool_pid);

	if (before == pid || !atomic_compare_exchange_strong(&pool_pid, &before, pid))
		return;
	for (size_t i = 0; i < POOL_SIZE; i++)
		atomic_store(&pool[i], 0);
}

static int pool_take(void)
{
	forget_pool_of_parent();
	for (size_t i = 0; i < POOL_SIZE; i++) {
		uint64_t word = atomic_exchange(&pool[i], 0);
		int fd = (int)(uint32_t)word - 1;

		if (word != 0 && inode_of(fd) == (uint32_t)(word >> 32))
			return fd;
	}
	return -1;
}

static void pool_give(int fd)
{
	uint64_t word = (uint64_t)inode_of(fd) << 32 | (uint32_t)(fd + 1);

	for (size_t i = 0; i < POOL_SIZE; i++) {
		uint64_t none = 0;

		if (atomic_compare_exchange_strong(&pool[i], &none, word))
			return;
	}
	close(fd);
}

/* The same socket under a number as high as the limit of descriptors lets be; itself where nothing
 * does. */
static int out_of_the_way(int *low)
{
	int high = -1;

	for (int number = DESCRIPTOR_LOW; high < 0 && number >= DESCRIPTOR_LOWEST; number /= 2)
		high = fcntl(*low, F_DUPFD_CLOEXEC, number);
	return high >= 0 ? high : steal_fd(low);
}

static int dial(const struct place *place, int *ret_fd)
{
	SCOPED(close_p) int low = -1;
	int r = place->socket[0] ? socket_connect(place->socket, &low) : -EDESTADDRREQ;

	if (r == 0)
		r = peer_check(low, place);
	if (r < 0)
		return r;
	*ret_fd = out_of_the_way(&low);
	return 0;
}

static void rest(uint64_t duration_ns)
{
	struct timespec pause = { 0, (long)duration_ns };

	nanosleep(&pause, NULL);
}

/* At most one agent in a while, whatever becomes of them. */
static bool may_start(const struct place *place)
{
	static _Atomic uint64_t started_ns;
	uint64_t before = atomic_load(&started_ns), now = monotonic_ns();

	return place->is_own && (before == 0 || now - before >= START_PAUSE_NS) &&
	       atomic_compare_exchange_strong(&started_ns, &before, now);
}

static int start_own(const struct place *place)
{
	int r = own_agent_start(place->socket);

	atomic_store(&start_problem,
		     r == 0 ? NULL
		     : r == -ENOENT
			     ? "no agent can be started: the program chaperone is not beside "
			       "the library that is preloaded"
			     : "no agent can be started");
	return r;
}

static bool is_nobody_there(int code)
{
	return code == -ENOENT || code == -ECONNREFUSED;
}

/* Connects, trying again while the agent is being started or replaced. */
static int dial_until(const struct place *place, uint64_t until_ns, int *ret_fd)
{
	for (;;) {
		int r = dial(place, ret_fd);

		if (is_nobody_there(r) && monotonic_ns() < until_ns && may_start(place)) {
			if (start_own(place) < 0)
				return r;
		} else if (r != -ECONNREFUSED && r != -EAGAIN && !(r == -ENOENT && place->is_own)) {
			return r;
		}
		if (monotonic_ns() + RETRY_NS >= until_ns)
			return r;
		rest(RETRY_NS);
	}
}

static int converse(int fd, struct packet *packet, uint16_t expected, uint64_t until_ns)
{
	int r = packet_send(fd, packet, until_ns);

	if (r == 0)
		r = packet_receive(fd, packet, until_ns);
	if (r == 0 && packet->kind != expected)
		r = -EBADMSG;
	return r;
}

int agent_ask(struct packet *packet, uint16_t expected, uint64_t until_ns)
{
	CANCELLATION_HELD;
	const struct place *place = place_settled();
	int fd = pool_take();
	int r = fd >= 0 ? 0 : place ? dial_until(place, until_ns, &fd) : -ENOTCONN;

	if (r < 0)
		return r;
	r = converse(fd, packet, expected, until_ns);
	if (r == 0)
		pool_give(fd);
	else
		close(fd); /* a late answer must not be taken for the next one's */
	return r;
}

int agent_ask_apart(struct packet *packet, uint16_t expected, uint64_t until_ns)
{
	CANCELLATION_HELD;
	const struct place *place = place_settle();
	SCOPED(close_p) int fd = -1;
	int r = place ? dial_until(place, until_ns, &fd) : -ENOTCONN;

	if (r == 0)
		r = packet_send(fd, packet, until_ns);
	if (r == 0)
		r = packet_receive_small(fd, packet, until_ns);
	return r == 0 && packet->kind != expected ? -EBADMSG : r;
}

void agent_tell(struct packet *packet)
{
	CANCELLATION_HELD;
	const struct place *place = place_settled();
	int fd = pool_take();

	if (fd < 0 && (!place || dial(place, &fd) < 0))
		return;
	if (packet_send(fd, packet, 0) == 0)
		pool_give(fd);
	else
		close(fd);
}

static void set_reason(struct attachment *attachment, struct slice reason)
{
	size_t length = reason.length < sizeof(attachment->reason) ? reason.length
								   : sizeof(attachment->reason) - 1;

	if (length > 0)
		memcpy(attachment->reason, reason.at, length);
	attachment->reason[length] = '\0';
}

static int take_welcome(struct packet *packet, struct attachment *attachment)
{
	struct message_welcome welcome;
	int r = message_welcome_read(buf_view(&packet->body), &welcome);

	if (r < 0)
		return r;
	attachment->process = welcome.process;
	attachment->flags = welcome.flags;
	attachment->deadline_ns = welcome.deadline_ms * MILLISECOND_NS;
	attachment->pid = process_number();
	set_reason(attachment, welcome.reason);
	if (welcome.protocol != MESSAGE_PROTOCOL)
		set_reason(attachment, SLICE("shim and agent are of different versions"));
	if (attachment->reason[0])
		return 0;
	return ring_attach(packet->descriptors[0], packet->descriptors[1], &attachment->ring);
}

static int say_hello(struct slice client, struct packet *packet, uint64_t until_ns)
{
	struct message_hello hello = { MESSAGE_PROTOCOL, process_number(), client };

	buf_clear(&packet->body);
	packet->kind = MESSAGE_HELLO;
	message_hello_write(&packet->body, &hello);
	return agent_ask(packet, MESSAGE_WELCOME, until_ns);
}

static struct attachment *attach(struct slice client, uint64_t until_ns)
{
	SCOPED(packet_done) struct packet packet = PACKET_EMPTY;
	SCOPED(free_p) struct attachment *attachment = calloc(1, sizeof(*attachment));
	int r;

	if (!attachment)
		return NULL;
	place_settle();
	/* An agent that is leaving hangs up; the next one answers. */
	while ((r = say_hello(client, &packet, until_ns)) == -ENOTCONN || r == -EPIPE ||
	       r == -ECONNRESET) {
		if (monotonic_ns() + RETRY_NS >= until_ns)
			return NULL;
		rest(RETRY_NS);
	}
	if (r < 0 || take_welcome(&packet, attachment) < 0)
		return NULL;
	return steal(attachment);
}

/* What this process may go on using.  A reason to refuse is asked for again after a while. */
static struct attachment *in_force(uint32_t pid)
{
	struct attachment *attachment = atomic_load(&current);

	if (!attachment || attachment->pid != pid)
		return NULL;
	if (attachment->reason[0] &&
	    monotonic_ns() >= atomic_load(&attachment->refused_ns) + REASON_LASTS_NS)
		return NULL;
	return attachment;
}

/* Puts it in force.  One that repeats the reason of the one before is not kept, since none is ever
 * freed. */
static struct attachment *adopt(struct attachment *attachment)
{
	struct attachment *before = atomic_load(&current);

	atomic_store(&attachment->refused_ns, monotonic_ns());
	if (attachment->reason[0] && before && before->pid == attachment->pid &&
	    strcmp(before->reason, attachment->reason) == 0) {
		atomic_store(&before->refused_ns, monotonic_ns());
		free(attachment);
		return before;
	}
	atomic_store(&current, attachment);
	return attachment;
}

const struct attachment *agent_current(void)
{
	return in_force(process_number());
}

const struct attachment *agent_attach(struct slice client, uint64_t until_ns)
{
	CANCELLATION_HELD;

	for (;;) {
		uint32_t pid = process_number(), busy = 0;
		struct attachment *attachment = in_force(pid);

		if (attachment)
			return attachment;
		if (atomic_compare_exchange_strong(&attaching_pid, &busy, pid) ||
		    (busy != pid && atomic_compare_exchange_strong(&attaching_pid, &busy, pid))) {
			attachment = attach(client, until_ns);
			if (attachment)
				attachment = adopt(attachment);
			atomic_store(&attaching_pid, 0);
			return attachment;
		}
		if (monotonic_ns() >= until_ns)
			return NULL;
		rest(MILLISECOND_NS);
	}
}

const char *agent_problem(void)
{
	const struct attachment *attachment = atomic_load(&current);
	const struct place *place = place_settled();
	const char *problem = atomic_load(&start_problem);

	if (attachment && attachment->pid == process_number() && attachment->reason[0])
		return attachment->reason;
	if (place && !place->socket[0])
		return place->problem;
	return problem ? problem : "";
}

void agent_detach(const struct attachment *attachment)
{
	struct attachment *expected = (struct attachment *)(uintptr_t)attachment;

	atomic_compare_exchange_strong(&current, &expected, NULL);
}
