/* SPDX-License-Identifier: MIT */
/* Connections of the program, and how the agent comes to know them. */
#include "shim/gate/gate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shim/gate/connection.h"
#include "shim/gate/connections.h"
#include "shim/preload/process.h"

void gate_note(struct gate_connection *connection, const char *text)
{
	SCOPED(packet_done) struct packet packet = PACKET_EMPTY;
	const struct attachment *attachment = connection ? connection->attachment : NULL;
	struct message_note note = { attachment ? attachment->process : 0,
				     attachment ? connection->connected.connection : 0,
				     slice_of(text) };

	packet.kind = MESSAGE_NOTE;
	message_note_write(&packet.body, &note);
	agent_tell(&packet);
}

bool connection_lost_agent(int code)
{
	return code == -ENOTCONN || code == -EPIPE || code == -ECONNRESET;
}

uint64_t connection_deadline(const struct attachment *attachment)
{
	return monotonic_ns() + (attachment ? attachment->deadline_ns : AGENT_DEADLINE_DEFAULT_NS);
}

/* A key is prepared once, not for each cell. */
static int prepare_keys(struct gate_connection *connection)
{
	const struct message_connected *connected = &connection->connected;
	uint32_t count = connected->key_count;
	struct sha256_hmac_key *keys = NULL;

	if (connected->keys.length < count * (size_t)MESSAGE_KEY_SIZE)
		return -EBADMSG;
	if (count > 0) {
		keys = calloc(count, sizeof(*keys));
		if (!keys)
			return -ENOMEM;
	}
	for (uint32_t i = 0; i < count; i++)
		sha256_hmac_prepare(connected->keys.at + i * (size_t)MESSAGE_KEY_SIZE,
				    MESSAGE_KEY_SIZE, &keys[i]);
	free(connection->keys);
	connection->keys = keys;
	connection->key_count = count;
	return 0;
}

/* Makes the connection known to the agent in force.  0 or a negative errno. */
int connection_introduce(struct gate_connection *connection, uint64_t until_ns)
{
	const struct attachment *attachment = agent_attach(slice_of(connection->client), until_ns);
	SCOPED(packet_done) struct packet packet = PACKET_EMPTY;
	struct message_connect connect;

	if (!attachment)
		return -ENOTCONN;
	if (attachment->reason[0])
		return -EACCES;
	if (connection->attachment == attachment)
		return 0;
	int r = message_connect_read(buf_view(&connection->introduction), &connect);
	if (r < 0)
		return r;
	connect.process = attachment->process;
	connect.is_used |= connection->is_used;
	connect.open_calls = connection->open_calls;
	packet.kind = MESSAGE_CONNECT;
	message_connect_write(&packet.body, &connect);
	r = agent_ask(&packet, MESSAGE_CONNECTED, until_ns);
	if (connection_lost_agent(r)) {
		agent_detach(attachment);
		/* not -ENOTCONN, which says that there is no agent to talk to */
		return -ECONNRESET;
	}
	if (r < 0)
		return r;
	connection->attachment = NULL; /* what is taken out of the last answer goes with it */
	buf_clear(&connection->answer);
	buf_add_slice(&connection->answer, buf_view(&packet.body));
	if (connection->answer.failed)
		return connection->answer.failed;
	r = message_connected_read(buf_view(&connection->answer), &connection->connected);
	if (r < 0 || connection->connected.context_index >= RING_CONTEXTS_MAX)
		return r < 0 ? r : -EBADMSG;
	r = prepare_keys(connection);
	if (r < 0)
		return r;
	cache_done(&connection->cache); /* what another agent said counts no more */
	recent_done(&connection->recent);
	connection->attachment = attachment;
	connection->is_used = true;
	return 0;
}

void *gate_state(struct gate_connection *connection)
{
	return connection->state;
}

struct gate_connection *gate_open(const void *handle, const struct message_connect *connect,
				  struct slice client, size_t state_size)
{
	struct gate_connection *connection = calloc(1, sizeof(*connection) + state_size);

	if (!connection)
		return NULL;
	connection->answer = connection->introduction = (struct buf)BUF_MAX(1 * MIB);
	connection->text = connection->template_key = (struct buf)BUF_MAX(CONNECTION_TEXT_MAX);
	connection->recent.text = (struct buf)BUF_MAX(CACHE_KEY_MAX);
	size_t length = client.length < sizeof(connection->client) ? client.length
								   : sizeof(connection->client) - 1;
	memcpy(connection->client, client.at, length);
	message_connect_write(&connection->introduction, connect);
	if (connection->introduction.failed || !connections_add(handle, connection)) {
		buf_done(&connection->introduction);
		free(connection);
		return NULL;
	}
	/* A failure here is not one yet: the first statement tries again, and says so if it is
	 * refused. */
	if (connection_introduce(connection, connection_deadline(NULL)) < 0)
		connection->attachment = NULL;
	return connection;
}

struct gate_connection *gate_find(const void *handle)
{
	return connections_find(handle);
}

static void tell_closed(const struct gate_connection *connection)
{
	SCOPED(packet_done) struct packet packet = PACKET_EMPTY;

	packet.kind = MESSAGE_CLOSE;
	message_number_write(&packet.body, connection->connected.connection);
	agent_tell(&packet);
}

void gate_close(const void *handle)
{
	struct gate_connection *connection = connections_remove(handle);

	if (!connection)
		return;
	if (connection->attachment && connection->attachment->pid == process_number())
		tell_closed(connection);
	cache_done(&connection->cache);
	recent_done(&connection->recent);
	free(connection->keys);
	buf_done(&connection->answer);
	buf_done(&connection->introduction);
	buf_done(&connection->text);
	buf_done(&connection->template_key);
	free(connection);
}

struct slice gate_learn_query(const struct gate_connection *connection, enum gate_lesson lesson)
{
	if (!connection->attachment)
		return (struct slice){ NULL, 0 };
	return lesson == GATE_OWN_TABLES ? connection->connected.own_query
					 : connection->connected.learn_query;
}

void gate_learned(struct gate_connection *connection, enum gate_lesson lesson, bool failed,
		  uint32_t row_count, struct slice rows)
{
	SCOPED(packet_done) struct packet packet = PACKET_EMPTY;
	struct message_learn learn = { connection->connected.connection, lesson == GATE_OWN_TABLES,
				       failed, row_count, rows };
	int r;

	packet.kind = MESSAGE_LEARN;
	message_learn_write(&packet.body, &learn);
	r = agent_ask(&packet, MESSAGE_DONE, connection_deadline(connection->attachment));
	if (r < 0)
		/* the agent does not know: introduce and learn anew */
		connection->attachment = NULL;
}

bool gate_allows_everything(struct gate_connection *connection)
{
	if (connection_introduce(connection, connection_deadline(connection->attachment)) < 0)
		return false;
	return connection->attachment->flags & WELCOME_ALLOWS_EVERYTHING;
}

const struct sha256_hmac_key *gate_key(const struct gate_connection *connection, uint32_t index)
{
	return index < connection->key_count ? &connection->keys[index] : NULL;
}
