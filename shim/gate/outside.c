/* SPDX-License-Identifier: MIT */
/* One question to the agent with everything on the stack. */
#include "shim/gate/outside.h"

#include <errno.h>

#include "common/clock.h"
#include "shim/gate/agent.h"

int outside_permit(enum message_outside_kind kind, struct slice text, bool waits)
{
	char room[OUTSIDE_TEXT_MAX + PACKET_SMALL_MAX];
	struct packet packet = PACKET_OVER(room);
	struct message_outside outside = { (uint8_t)kind, slice_part(text, 0, OUTSIDE_TEXT_MAX) };
	uint64_t number;

	packet.kind = MESSAGE_OUTSIDE;
	message_outside_write(&packet.body, &outside);
	int r = agent_ask_apart(&packet, MESSAGE_PERMIT,
				waits ? monotonic_ns() + AGENT_DEADLINE_DEFAULT_NS : 0);
	if (r == 0)
		r = message_number_read(buf_view(&packet.body), &number);
	if (r == 0 && number > PERMIT_PASS)
		r = -EBADMSG;
	return r < 0 ? r : (int)number;
}
