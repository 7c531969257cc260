/* SPDX-License-Identifier: MIT */
/* Packets over unix sockets: header, inline body or sealed memfd, descriptors, deadlines. */
#include "common/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>

#include "common/clock.h"
#include "common/file.h"

#define PACKET_MAGIC        0x31504843u /* "CHP1" */
#define POLL_MS_MAX         60000
#define CONNECT_PATIENCE_MS 100
#define SEALS               (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)

struct packet_header {
	uint32_t magic;
	uint16_t kind;
	uint8_t descriptor_count;   /* of the caller */
	uint8_t body_in_descriptor; /* 1: the last descriptor holds the body */
	uint32_t body_length;
	uint32_t reserved;
};

union control_room {
	struct cmsghdr header;
	char bytes[CMSG_SPACE((PACKET_DESCRIPTORS_MAX + 1) * sizeof(int))];
};

static void close_descriptors(int *descriptors, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		close_p(&descriptors[i]);
		descriptors[i] = -1;
	}
}

void packet_done(struct packet *packet)
{
	buf_done(&packet->body);
	close_descriptors(packet->descriptors, PACKET_DESCRIPTORS_MAX);
}

/* Waits until the socket is ready; 0, -ETIMEDOUT or poll's error. */
static int wait_ready(int socket, short events, uint64_t until_ns)
{
	struct pollfd poller = { socket, events, 0 };

	for (;;) {
		uint64_t now = monotonic_ns();
		if (now >= until_ns)
			return -ETIMEDOUT;
		uint64_t left_ms = (until_ns - now) / MILLISECOND_NS + 1;
		int n = poll(&poller, 1, left_ms < POLL_MS_MAX ? (int)left_ms : POLL_MS_MAX);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

/* Puts the body into a memfd that nobody can change any more.  The system call is made directly,
 * because the function is newer than the oldest libc that the shim should load with. */
static int body_to_descriptor(struct slice body, int *ret_fd)
{
	SCOPED(close_p)
	int fd = (int)syscall(SYS_memfd_create, "chaperone-text", 3u /* CLOEXEC, SEALING */);

	if (fd < 0)
		return -errno;
	int r = file_write_all(fd, body.at, body.length);
	if (r < 0)
		return r;
	if (fcntl(fd, F_ADD_SEALS, SEALS) < 0)
		return -errno;
	*ret_fd = steal_fd(&fd);
	return 0;
}

static int send_message(int socket, const struct msghdr *message, uint64_t until_ns)
{
	for (;;) {
		if (sendmsg(socket, message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
			return 0;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return -errno;
		int r = wait_ready(socket, POLLOUT, until_ns);
		if (r < 0)
			return r;
	}
}

static void attach_descriptors(struct msghdr *message, union control_room *room,
			       const int *descriptors, size_t count)
{
	if (count == 0)
		return;
	message->msg_control = room;
	message->msg_controllen = CMSG_SPACE(count * sizeof(int));
	memset(room, 0, sizeof(*room));
	struct cmsghdr *control = CMSG_FIRSTHDR(message);
	control->cmsg_level = SOL_SOCKET;
	control->cmsg_type = SCM_RIGHTS;
	control->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(control), descriptors, count * sizeof(int));
}

int packet_send(int socket, const struct packet *packet, uint64_t until_ns)
{
	struct packet_header header = {
		PACKET_MAGIC, packet->kind, 0, 0, (uint32_t)packet->body.length, 0
	};
	int descriptors[PACKET_DESCRIPTORS_MAX + 1];
	size_t count = 0;
	SCOPED(close_p) int body = -1;
	union control_room room;

	if (packet->body.failed)
		return packet->body.failed;
	while (count < PACKET_DESCRIPTORS_MAX && packet->descriptors[count] >= 0) {
		descriptors[count] = packet->descriptors[count];
		count++;
	}
	header.descriptor_count = (uint8_t)count;
	struct iovec parts[2] = { { &header, sizeof(header) },
				  { packet->body.at, packet->body.length } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = packet->body.length ? 2 : 1 };
	if (packet->body.length > PACKET_INLINE_MAX) {
		int r = body_to_descriptor(buf_view(&packet->body), &body);
		if (r < 0)
			return r;
		header.body_in_descriptor = 1;
		descriptors[count++] = body;
		message.msg_iovlen = 1;
	}
	attach_descriptors(&message, &room, descriptors, count);
	return send_message(socket, &message, until_ns);
}

static size_t take_descriptors(struct msghdr *message, int *ret_descriptors, size_t max)
{
	size_t taken = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (taken < max)
				ret_descriptors[taken++] = fd;
			else
				close(fd);
		}
	}
	return taken;
}

/* Reads a body that was sealed before it was sent; through read, never through a mapping. */
static int body_from_descriptor(int fd, size_t length, struct buf *body)
{
	struct stat status;
	size_t filled = 0;

	if (fcntl(fd, F_GET_SEALS) != SEALS || fstat(fd, &status) < 0 ||
	    status.st_size != (off_t)length)
		return -EBADMSG;
	char *room = buf_extend(body, length);
	if (!room)
		return body->failed;
	while (filled < length) {
		ssize_t n = pread(fd, room + filled, length - filled, (off_t)filled);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -EBADMSG;
		filled += (size_t)n;
	}
	return 0;
}

static int unpack(const char *bytes, size_t length, int *descriptors, size_t count,
		  struct packet *packet)
{
	struct packet_header header;

	if (length < sizeof(header))
		return -EBADMSG;
	memcpy(&header, bytes, sizeof(header));
	size_t expected = header.descriptor_count + (header.body_in_descriptor ? 1u : 0u);
	if (header.magic != PACKET_MAGIC || count != expected ||
	    header.descriptor_count > PACKET_DESCRIPTORS_MAX ||
	    header.body_length > PACKET_BODY_MAX)
		return -EBADMSG;
	packet->kind = header.kind;
	if (header.body_in_descriptor) {
		int r = body_from_descriptor(descriptors[count - 1], header.body_length,
					     &packet->body);
		if (r < 0)
			return r;
	} else if (length - sizeof(header) == header.body_length) {
		buf_add(&packet->body, bytes + sizeof(header), header.body_length);
	} else {
		return -EBADMSG;
	}
	for (size_t i = 0; i < header.descriptor_count; i++)
		packet->descriptors[i] = steal_fd(&descriptors[i]);
	return packet->body.failed;
}

/* One packet through `part`, whose memory is the caller's. */
static int receive(int socket, struct iovec part, struct packet *packet, uint64_t until_ns)
{
	int descriptors[PACKET_DESCRIPTORS_MAX + 1] = { -1, -1, -1 };
	union control_room room;
	ssize_t n;

	buf_clear(&packet->body);
	close_descriptors(packet->descriptors, PACKET_DESCRIPTORS_MAX);
	for (;;) {
		struct msghdr message = { .msg_iov = &part,
					  .msg_iovlen = 1,
					  .msg_control = &room,
					  .msg_controllen = sizeof(room) };

		n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
		if (n >= 0) {
			size_t count =
				take_descriptors(&message, descriptors, COUNT_OF(descriptors));
			int r = n == 0 ? -ENOTCONN
				: (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
					? -EBADMSG
					: unpack(part.iov_base, (size_t)n, descriptors, count,
						 packet);

			close_descriptors(descriptors, COUNT_OF(descriptors));
			return r;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return -errno;
		int r = wait_ready(socket, POLLIN, until_ns);
		if (r < 0)
			return r;
	}
}

int packet_receive(int socket, struct packet *packet, uint64_t until_ns)
{
	SCOPED(free_p) char *bytes = malloc(PACKET_INLINE_MAX + sizeof(struct packet_header));

	if (!bytes)
		return -ENOMEM;
	return receive(socket,
		       (struct iovec){ bytes, PACKET_INLINE_MAX + sizeof(struct packet_header) },
		       packet, until_ns);
}

int packet_receive_small(int socket, struct packet *packet, uint64_t until_ns)
{
	char bytes[PACKET_SMALL_MAX + sizeof(struct packet_header)];

	return receive(socket, (struct iovec){ bytes, sizeof(bytes) }, packet, until_ns);
}

int socket_peer(int socket, struct peer_identity *ret_peer)
{
	struct ucred credentials;
	socklen_t length = sizeof(credentials);

	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) < 0)
		return -errno;
	*ret_peer = (struct peer_identity){ credentials.pid, credentials.uid, credentials.gid };
	return 0;
}

static int make_address(const char *path, struct sockaddr_un *ret_address)
{
	size_t length = strlen(path);

	*ret_address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (length >= sizeof(ret_address->sun_path))
		return -ENAMETOOLONG;
	memcpy(ret_address->sun_path, path, length + 1);
	return 0;
}

int socket_connect(const char *path, int *ret_socket)
{
	const struct timeval patience = { 0, CONNECT_PATIENCE_MS * 1000 };
	struct sockaddr_un address;
	int r = make_address(path, &address);

	if (r < 0)
		return r;
	SCOPED(close_p) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	/* Where the queue of who wants in is full, unix(7) waits for as long as a send may take. */
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0)
		return -errno;
	while (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	*ret_socket = steal_fd(&fd);
	return 0;
}

int socket_listen(const char *path, int *ret_socket)
{
	struct sockaddr_un address;
	int r = make_address(path, &address);

	if (r < 0)
		return r;
	SCOPED(close_p) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	unlink(path);
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 128) < 0)
		return -errno;
	*ret_socket = steal_fd(&fd);
	return 0;
}
