/* SPDX-License-Identifier: MIT */
/* Welcoming processes with the reason why nothing of theirs will be sent. */
#include "tools/chaperone/agent_refuse.h"

#include <poll.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/message.h"
#include "common/socket.h"

#define IDLE_MS     1000
#define HELLO_NS    (200 * MILLISECOND_NS)
#define DEADLINE_MS 2000u
#define ANSWERS_MAX 1000 /* then even a busy machine gets another look at the policy */

static void answer(int client, const char *reason)
{
	SCOPED(packet_done) struct packet packet = PACKET_EMPTY;
	struct message_welcome welcome = { .protocol = MESSAGE_PROTOCOL,
					   .deadline_ms = DEADLINE_MS,
					   .reason = slice_of(reason) };
	struct peer_identity peer;

	if (socket_peer(client, &peer) < 0 || peer.uid != geteuid())
		return;
	if (packet_receive(client, &packet, monotonic_ns() + HELLO_NS) < 0 ||
	    packet.kind != MESSAGE_HELLO)
		return;
	buf_clear(&packet.body);
	packet.kind = MESSAGE_WELCOME;
	message_welcome_write(&packet.body, &welcome);
	(void)!packet_send(client, &packet, 0);
}

void agent_refuse_all(int listening, const char *reason)
{
	struct pollfd poller = { listening, POLLIN, 0 };

	for (int i = 0; i < ANSWERS_MAX && poll(&poller, 1, IDLE_MS) > 0; i++) {
		SCOPED(close_p)
		int client = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (client >= 0)
			answer(client, reason);
	}
}
