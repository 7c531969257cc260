/* SPDX-License-Identifier: MIT */
/* What a client of the agent may say, and who answers it. */
#include <errno.h>

#include "tools/chaperone/agent.h"

struct call {
	struct agent *agent;
	const struct peer_identity *peer;
	struct slice body;
	int *descriptors; /* that came with it; taken by whom they are for */
	struct packet *answer;
};

static int answer_done(struct packet *answer)
{
	answer->kind = MESSAGE_DONE;
	return 0;
}

/* Nobody speaks for another process, which may be of another user: every process makes its own
 * connections known, also those that it inherited over a fork.  What is not known at all is
 * answered by who looks for it. */
static int check_process(const struct call *call, const struct agent_process *process)
{
	return !process || process->pid == call->peer->pid ? 0 : -EPERM;
}

static int check_connection(const struct call *call, uint64_t number)
{
	const struct agent_connection *connection = agent_connection_find(call->agent, number);

	return connection ? check_process(call, connection->process) : 0;
}

/* Rules and record go by who makes the connection: a process that changed its user is hung up on,
 * and comes in anew. */
static int check_maker(const struct call *call, uint64_t number)
{
	const struct agent_process *process = agent_process_find(call->agent, number);
	int r = check_process(call, process);

	return r == 0 && process && !agent_process_is_as_told(process) ? -ESTALE : r;
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

	if (r == 0)
		r = check_maker(call, connect.process);
	return r < 0 ? r : agent_connection_open(call->agent, &connect, call->answer);
}

static int serve_learn(struct call *call)
{
	struct message_learn learn;
	int r = message_learn_read(call->body, &learn);

	if (r == 0)
		r = check_connection(call, learn.connection);
	if (r < 0)
		return r;
	agent_connection_learn(call->agent, &learn);
	return answer_done(call->answer);
}

static int serve_judge(struct call *call)
{
	struct message_judge judge;
	int r = message_judge_read(call->body, &judge);

	if (r == 0)
		r = check_connection(call, judge.connection);
	return r < 0 ? r : agent_judge(call->agent, &judge, call->answer);
}

static int serve_outcome(struct call *call)
{
	struct message_outcome outcome;
	int r = message_outcome_read(call->body, &outcome);

	if (r == 0)
		r = check_connection(call, outcome.connection);
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
		r = check_connection(call, number);
	if (r == 0)
		agent_connection_close(call->agent, number);
	return r;
}

static int serve_note(struct call *call)
{
	struct message_note note;
	int r = message_note_read(call->body, &note);

	if (r == 0)
		r = check_process(call, agent_process_find(call->agent, note.process));
	if (r == 0)
		r = check_connection(call, note.connection);
	if (r == 0)
		agent_note(call->agent, note.connection ? note.connection : note.process, "%.*s",
			   SLICE_ARGUMENTS(slice_part(note.text, 0, 400)));
	return r;
}

static int serve_outside(struct call *call)
{
	struct message_outside outside;
	int r = message_outside_read(call->body, &outside);

	if (r < 0)
		return r;
	call->answer->kind = MESSAGE_PERMIT;
	message_number_write(&call->answer->body, agent_outside(call->agent, call->peer, &outside));
	return call->answer->body.failed;
}

static int serve_carry(struct call *call)
{
	struct message_carry carry;
	int r = message_carry_read(call->body, &carry);

	if (r == 0)
		r = check_maker(call, carry.process);
	if (r < 0)
		return r;
	call->answer->kind = MESSAGE_PERMIT;
	message_number_write(&call->answer->body,
			     agent_carry(call->agent, &carry, call->descriptors));
	return call->answer->body.failed;
}

static const struct {
	int (*serve)(struct call *call);
	bool is_answered;
} SERVICES[] = {
	[MESSAGE_HELLO] = { serve_hello, true },     [MESSAGE_CONNECT] = { serve_connect, true },
	[MESSAGE_LEARN] = { serve_learn, true },     [MESSAGE_JUDGE] = { serve_judge, true },
	[MESSAGE_OUTCOME] = { serve_outcome, true }, [MESSAGE_CLOSE] = { serve_close, false },
	[MESSAGE_NOTE] = { serve_note, false },      [MESSAGE_OUTSIDE] = { serve_outside, true },
	[MESSAGE_CARRY] = { serve_carry, true },
};

bool agent_serve(struct agent *agent, int client, const struct peer_identity *peer,
		 struct packet *packet)
{
	SCOPED(packet_done) struct packet answer = PACKET_EMPTY;
	struct call call = { agent, peer, buf_view(&packet->body), packet->descriptors, &answer };

	if (packet->kind >= COUNT_OF(SERVICES) || !SERVICES[packet->kind].serve)
		return false;
	if (SERVICES[packet->kind].serve(&call) < 0)
		return false;
	return !SERVICES[packet->kind].is_answered || packet_send(client, &answer, 0) == 0;
}
