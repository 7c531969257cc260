/* SPDX-License-Identifier: MIT */
/* What a client of the agent may say, and who answers it. */
#include <errno.h>
#include <stdio.h>

#include "tools/chaperone/agent.h"

struct call {
	struct agent *agent;
	const struct peer_identity *peer;
	struct slice body;
	struct packet *answer;
};

static int answer_done(struct packet *answer)
{
	answer->kind = MESSAGE_DONE;
	return 0;
}

static int serve_hello(struct call *call)
{
	struct message_hello hello;
	int r = message_hello_read(call->body, &hello);

	return r < 0 ? r : agent_process_welcome(call->agent, call->peer, &hello, call->answer);
}

static int serve_connect(struct call *call)
{
	struct message_connect connect;
	int r = message_connect_read(call->body, &connect);

	return r < 0 ? r : agent_connection_open(call->agent, &connect, call->answer);
}

static int serve_learn(struct call *call)
{
	struct message_learn learn;
	int r = message_learn_read(call->body, &learn);

	if (r < 0)
		return r;
	agent_connection_learn(call->agent, &learn);
	return answer_done(call->answer);
}

static int serve_judge(struct call *call)
{
	struct message_judge judge;
	int r = message_judge_read(call->body, &judge);

	return r < 0 ? r : agent_judge(call->agent, &judge, call->answer);
}

static int serve_outcome(struct call *call)
{
	struct message_outcome outcome;
	int r = message_outcome_read(call->body, &outcome);

	if (r < 0)
		return r;
	agent_outcome(call->agent, &outcome);
	return answer_done(call->answer);
}

static int serve_close(struct call *call)
{
	uint64_t number;
	int r = message_number_read(call->body, &number);

	if (r == 0)
		agent_connection_close(call->agent, number);
	return r;
}

static int serve_note(struct call *call)
{
	struct message_note note;
	int r = message_note_read(call->body, &note);

	if (r == 0)
		agent_note(call->agent, note.connection ? note.connection : note.process, "%.*s",
			   SLICE_ARGUMENTS(slice_part(note.text, 0, 400)));
	return r;
}

static const struct {
	int (*serve)(struct call *call);
	bool is_answered;
} SERVICES[] = {
	[MESSAGE_HELLO] = { serve_hello, true },     [MESSAGE_CONNECT] = { serve_connect, true },
	[MESSAGE_LEARN] = { serve_learn, true },     [MESSAGE_JUDGE] = { serve_judge, true },
	[MESSAGE_OUTCOME] = { serve_outcome, true }, [MESSAGE_CLOSE] = { serve_close, false },
	[MESSAGE_NOTE] = { serve_note, false },
};

bool agent_serve(struct agent *agent, int client, const struct peer_identity *peer, struct packet *packet)
{
	SCOPED(packet_done) struct packet answer = PACKET_EMPTY;
	struct call call = { agent, peer, buf_view(&packet->body), &answer };

	if (packet->kind >= COUNT_OF(SERVICES) || !SERVICES[packet->kind].serve)
		return false;
	if (SERVICES[packet->kind].serve(&call) < 0)
		return false;
	return !SERVICES[packet->kind].is_answered || packet_send(client, &answer, 0) == 0;
}
