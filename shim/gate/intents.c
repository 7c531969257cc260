/* SPDX-License-Identifier: MIT */
/* Intents before a statement leaves, outcomes after it. */
#include <errno.h>
#include <string.h>

#include "shim/gate/connection.h"
#include "shim/preload/guard.h"
#include "shim/preload/process.h"

uint32_t gate_sqlstate(const char *state)
{
	uint32_t packed = 0;

	if (!state || strlen(state) != 5)
		return 0;
	for (unsigned i = 0; i < 5; i++) /* elog.h of PostgreSQL: PGSIXBIT, MAKE_SQLSTATE */
		packed |= ((uint32_t)(state[i] - '0') & 0x3f) << (6 * i);
	return packed;
}

/* The agent is behind: waits for it to empty the ring.  -ESTALE when its lease ends meanwhile. */
static int write_when_there_is_room(const struct attachment *attachment,
				    const struct ring_slot *slot, uint64_t *ret_sequence)
{
	CANCELLATION_HELD;
	const struct timespec pause = { 0, (long)MILLISECOND_NS };
	uint64_t until_ns = connection_deadline(attachment);
	struct ring ring = attachment->ring;

	for (;;) {
		int r = ring_write_intent(&ring, slot, ret_sequence);
		uint64_t now_ns = monotonic_ns();

		if (r == -EAGAIN && now_ns >= atomic_load(&ring.control->lease_until_ns))
			return -ESTALE;
		if (r != -EAGAIN || now_ns >= until_ns)
			return r;
		nanosleep(&pause, NULL);
	}
}

static int write_intent(const struct gate_connection *connection, const struct ring_slot *slot,
			struct gate_intent *ret_intent)
{
	const struct attachment *attachment = connection->attachment;
	uint64_t sequence;

	if (!attachment)
		return -ENOTCONN;
	struct ring ring = attachment->ring;
	int r = ring_write_intent(&ring, slot, &sequence);
	if (r == -EAGAIN)
		r = write_when_there_is_room(attachment, slot, &sequence);
	if (r == 0)
		*ret_intent = (struct gate_intent){ attachment, connection->connected.connection,
						    sequence };
	return r;
}

/* `message` wants its connection yet. */
static void tell_outcome(struct gate_connection *connection, const struct message_outcome *message)
{
	SCOPED(packet_done) struct packet packet = PACKET_EMPTY;
	struct message_outcome told = *message;

	told.connection = connection->connected.connection;
	packet.kind = MESSAGE_OUTCOME;
	message_outcome_write(&packet.body, &told);
	if (agent_ask(&packet, MESSAGE_DONE, connection_deadline(connection->attachment)) < 0)
		connection->attachment = NULL; /* what the agent believes of this session is void */
}

/* What the agent let pass will not be sent after all. */
static void take_back(struct gate_connection *connection, const struct verdict *verdict)
{
	if (connection->attachment && verdict_reports_outcome(verdict))
		tell_outcome(connection, &(struct message_outcome){ .call = verdict->call,
								    .stage = MESSAGE_STAGE_UNSENT,
								    .failed = true });
}

bool gate_intend(struct gate_connection *connection, const struct gate_call *call,
		 struct gate_pass *pass, struct gate_intent *ret_intent)
{
	struct ring_slot slot = {
		.time_ns = realtime_ns(),
		.connection = connection->connected.connection,
		.intent = { .judgement = pass->verdict ? pass->verdict->judgement : 0,
			    .text_bytes = (uint32_t)call->text.length,
			    .thread = thread_number(),
			    .parameters = call->parameters,
			    .call = (uint8_t)call->kind,
			    .transaction = call->transaction },
		.kind = RING_INTENT,
		.flags = pass->ring_flags,
	};

	*ret_intent = (struct gate_intent){ 0 };
	if (!pass->verdict) {
		pass_refuse(pass, GATE_REFUSAL_NO_MEMORY);
		slot.flags = pass->ring_flags;
	}
	if (pass->is_unheard) /* there is no agent to read it; the refusal stands */
		return true;
	int r = write_intent(connection, &slot, ret_intent);
	if (r < 0 && r != -ESTALE) {
		take_back(connection, pass->verdict);
		pass_refuse(pass, REFUSAL_NO_RECORD);
	}
	if (r == 0 && verdict_reports_outcome(pass->verdict))
		connection->open_calls++;
	return r != -ESTALE;
}

bool gate_intend_learning(struct gate_connection *connection, struct gate_intent *ret_intent)
{
	struct ring_slot slot = {
		.time_ns = realtime_ns(),
		.connection = connection->connected.connection,
		.intent = { .judgement = connection->connected.learn_judgement,
			    .thread = thread_number() },
		.kind = RING_INTENT,
	};

	*ret_intent = (struct gate_intent){ 0 };
	return write_intent(connection, &slot, ret_intent) == 0;
}

static void write_outcome(const struct gate_outcome *outcome)
{
	const struct gate_intent *intent = &outcome->intent;
	struct ring_slot slot = {
		.time_ns = realtime_ns(),
		.connection = intent->connection,
		.outcome = { .intent = intent->sequence,
			     .rows = outcome->rows,
			     .bytes = outcome->bytes,
			     .masked_cells = outcome->masked_cells,
			     .sqlstate = outcome->sqlstate },
		.kind = outcome->is_lost ? RING_LOST : RING_OUTCOME,
		.status = (uint8_t)outcome->status,
	};

	if (!intent->attachment)
		return;
	struct ring ring = intent->attachment->ring;
	ring_write_outcome(&ring, &slot);
}

void gate_done(struct gate_connection *connection, const struct verdict *verdict,
	       const struct gate_outcome *outcome)
{
	struct message_outcome message = {
		.stage = (uint8_t)outcome->stage,
		.failed = outcome->status != RING_STATUS_OK,
		.is_lost = outcome->is_lost,
		.transaction = outcome->transaction,
		.completed = outcome->completed,
		.standard_conforming_strings = outcome->settings.standard_conforming_strings,
		.client_encoding = outcome->settings.client_encoding,
	};

	write_outcome(outcome);
	if (!verdict_reports_outcome(verdict) || !outcome->intent.attachment)
		return;
	connection->open_calls--;
	/* Another agent than the one that let it pass knows of it by connection->open_calls. */
	if (outcome->intent.attachment == connection->attachment &&
	    outcome->intent.connection == connection->connected.connection)
		message.call = verdict->call;
	if (connection->attachment)
		tell_outcome(connection, &message);
}

void gate_settled(struct gate_connection *connection, uint8_t transaction,
		  const struct gate_settings *settings)
{
	struct message_outcome message = {
		.stage = MESSAGE_STAGE_SYNC,
		.transaction = transaction,
		.standard_conforming_strings = settings->standard_conforming_strings,
		.client_encoding = settings->client_encoding,
	};

	if (connection->attachment)
		tell_outcome(connection, &message);
}
