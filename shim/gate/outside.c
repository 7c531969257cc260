/* SPDX-License-Identifier: MIT */
/* Questions to the agent with everything on the stack. */
#include "shim/gate/outside.h"

#include <errno.h>

#include "common/clock.h"
#include "shim/gate/agent.h"

static int ask(struct packet *packet, uint64_t until_ns)
{
	uint64_t number;
	int r = agent_ask_apart(packet, MESSAGE_PERMIT, until_ns);

	if (r == 0)
		r = message_number_read(buf_view(&packet->body), &number);
	if (r == 0 && number > PERMIT_PASS)
		r = -EBADMSG;
	return r < 0 ? r : (int)number;
}

int outside_permit(enum message_outside_kind kind, struct slice text, bool waits)
{
	char room[OUTSIDE_TEXT_MAX + PACKET_SMALL_MAX];
	struct packet packet = PACKET_OVER(room);
	struct message_outside outside = { (uint8_t)kind, slice_part(text, 0, OUTSIDE_TEXT_MAX) };

	packet.kind = MESSAGE_OUTSIDE;
	message_outside_write(&packet.body, &outside);
	return ask(&packet, waits ? monotonic_ns() + AGENT_DEADLINE_DEFAULT_NS : 0);
}

int outside_carry(struct slice address, int from, int to)
{
	const struct attachment *attachment = agent_current();
	char room[OUTSIDE_TEXT_MAX + PACKET_SMALL_MAX];
	struct packet packet = PACKET_OVER(room);
	int r = -ENOTCONN;

	packet.descriptors[0] = from;
	packet.descriptors[1] = to;
	if (attachment && !attachment->reason[0]) {
		struct message_carry carry = { attachment->process,
					       slice_part(address, 0, OUTSIDE_TEXT_MAX) };

		packet.kind = MESSAGE_CARRY;
		message_carry_write(&packet.body, &carry);
		r = ask(&packet, monotonic_ns() + AGENT_DEADLINE_DEFAULT_NS);
	}
	/* those that an answer has not taken the place of */
	close_p(&packet.descriptors[0]);
	close_p(&packet.descriptors[1]);
	return r;
}
