/* SPDX-License-Identifier: MIT */
/* Packets with descriptors over SOCK_SEQPACKET unix sockets, with deadlines; texts that a packet
 * cannot carry travel in a sealed memfd (decisions.md 5).  Used inside foreign processes: no
 * signal, no allocation but the caller's buffer, descriptors close-on-exec. */
#ifndef COMMON_SOCKET_H
#define COMMON_SOCKET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/slice.h"

#define PACKET_INLINE_MAX      (48 * KIB)
#define PACKET_BODY_MAX        (18 * MIB)
#define PACKET_SMALL_MAX       256u
#define PACKET_DESCRIPTORS_MAX 2

struct packet {
	uint16_t kind;
	struct buf body;
	int descriptors[PACKET_DESCRIPTORS_MAX]; /* -1 where there is none */
};
/* Over an array of the caller's; not for packet_done. */
#define PACKET_OVER(array)                                                                         \
	{                                                                                          \
		0, BUF_OVER(array),                                                                \
		{                                                                                  \
			-1, -1                                                                     \
		}                                                                                  \
	}
#define PACKET_EMPTY                                                                               \
	{                                                                                          \
		0, BUF_MAX(PACKET_BODY_MAX),                                                       \
		{                                                                                  \
			-1, -1                                                                     \
		}                                                                                  \
	}

/* Frees the body and closes descriptors that were not taken. */
void packet_done(struct packet *packet);

/* Sends one packet.  `until_ns` is CLOCK_MONOTONIC; 0 does not wait at all.  -ETIMEDOUT, -EPIPE,
 * -E2BIG, … */
must_use int packet_send(int socket, const struct packet *packet, uint64_t until_ns);

/* Receives one packet into `packet` (emptied first).  -ETIMEDOUT, -ENOTCONN when the peer is gone,
 * -EBADMSG for what is not a packet of ours. */
must_use int packet_receive(int socket, struct packet *packet, uint64_t until_ns);

/* As packet_receive, without allocating: for answers whose body has at most PACKET_SMALL_MAX bytes
 * and carries no descriptor.  `packet->body` has the room already (BUF_OVER). */
must_use int packet_receive_small(int socket, struct packet *packet, uint64_t until_ns);

struct peer_identity {
	pid_t pid;
	uid_t uid;
	gid_t gid;
};

/* Who is at the other end, as the kernel says. */
must_use int socket_peer(int socket, struct peer_identity *ret_peer);

/* Connects to the listening socket at `path`.  -EAGAIN when too many others are waiting there and
 * it takes more than a moment. */
must_use int socket_connect(const char *path, int *ret_socket);

/* Listens at `path`, in a folder that nobody else may write; a stale socket file of that name is
 * replaced. */
must_use int socket_listen(const char *path, int *ret_socket);

#endif
