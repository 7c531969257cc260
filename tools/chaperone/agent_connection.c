/* SPDX-License-Identifier: MIT */
/* Connections of governed processes: made known, learned, closed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "tools/chaperone/agent.h"

struct agent_connection *agent_connection_find(struct agent *agent, uint64_t number)
{
	for (struct agent_connection *c = agent->connections; c; c = c->next) {
		if (c->number == number)
			return c;
	}
	return NULL;
}

void agent_connection_publish(const struct agent *agent, const struct agent_connection *connection)
{
	struct ring_control *control = connection->process->control;
	bool is_cached =
		!agent_spool_holds(agent) && connection->context_index < RING_CONTEXTS_MAX - 1;

	if (control)
		atomic_store(&control->contexts[connection->context_index],
			     is_cached ? session_context(connection->session) : 0);
}

static void connection_free(struct agent_connection *connection)
{
	session_free(connection->session);
	free(connection->texts);
	free(connection);
}

/* Every connection of a process has a context word of its own; those beyond the last share one that
 * caches nothing. */
static uint32_t next_context(struct agent_process *process)
{
	if (process->contexts_used < RING_CONTEXTS_MAX - 1)
		return process->contexts_used++;
	return RING_CONTEXTS_MAX - 1;
}

static struct session_address address_of(const struct message_connect *connect)
{
	bool is_socket = connect->host.length > 0 && connect->host.at[0] == '/';
	uint64_t port = 0;

	if (slice_to_u64(connect->port, &port) < 0 || port > UINT16_MAX)
		port = 0;
	return (struct session_address){
		.engine = ENGINE_POSTGRES,
		.host = is_socket ? (struct slice){ NULL, 0 } : connect->host,
		.host_address = connect->host_address,
		.socket = is_socket ? connect->host : (struct slice){ NULL, 0 },
		.port = (uint16_t)port,
		.database = connect->database,
		.user = connect->user,
		.options = connect->options,
		.is_replication = connect->is_replication,
		.is_physical = connect->is_physical,
		.backend_pid = connect->backend_pid,
		.server_version = connect->server_version,
	};
}

static void record_connection(struct agent *agent, const struct agent_connection *connection,
			      const struct message_connect *connect)
{
	char version[32];

	snprintf(version, sizeof(version), "%u.%u", connect->server_version / 10000,
		 connect->server_version % 10000);
	struct record_fact facts[] = {
		{ SLICE("engine"), SLICE("postgresql"), RECORD_OBSERVED },
		{ SLICE("server"), connect->host, RECORD_OBSERVED },
		{ SLICE("address"), connect->host_address, RECORD_OBSERVED },
		{ SLICE("port"), connect->port, RECORD_OBSERVED },
		{ SLICE("database"), connect->database, RECORD_OBSERVED },
		{ SLICE("db_user"), connect->user, RECORD_OBSERVED },
		{ SLICE("server_version"), slice_of(version), RECORD_OBSERVED },
	};
	struct record_entry entry = { .kind = RECORD_CONNECTION,
				      .number = connection->number,
				      .parent = connection->process->number,
				      .time_ns = realtime_ns(),
				      .facts = facts,
				      .fact_count = agent_facts_told(facts, COUNT_OF(facts)) };

	agent_record(agent, &entry);
}

/* The caller is the process, plus the database user of this connection. */
static int fill_caller(struct agent *agent, struct agent_connection *connection, struct slice user)
{
	connection->texts = strndup(user.at ? user.at : "", user.length);
	if (!connection->texts)
		return -ENOMEM;
	int r = 0;

	connection->caller = connection->process->provenance->caller;
	if (agent->settings.as_name[0])
		r = caller_declare(&connection->caller, agent->policy, agent->settings.as_name);
	if (r == 0)
		r = caller_add(&connection->caller, FACT_DB_USER, MARK_OBSERVED, connection->texts);
	return r;
}

static void derive_keys(const struct agent *agent, struct buf *out)
{
	const struct policy *policy = agent->policy;

	for (size_t i = 0; i < policy->key_count && i < MESSAGE_KEYS_MAX; i++) {
		unsigned char key[SHA256_SIZE];

		sha256_hmac(agent->settings.seed, sizeof(agent->settings.seed),
			    policy->key_names[i], strlen(policy->key_names[i]), key);
		buf_add(out, key, sizeof(key));
	}
}

static int write_answer(const struct agent *agent, const struct agent_connection *connection,
			struct packet *answer)
{
	SCOPED(buf_done) struct buf query = BUF_MAX(256 * KIB);
	SCOPED(buf_done) struct buf own_query = BUF_MAX(256 * KIB);
	SCOPED(buf_done) struct buf keys = BUF_MAX(MESSAGE_KEYS_MAX * MESSAGE_KEY_SIZE);
	int r = 0;

	if (!agent->allows_everything && !session_address(connection->session)->is_replication &&
	    catalogue_is_needed(agent->policy)) {
		r = catalogue_query(agent->policy, &query);
		if (r == 0)
			r = catalogue_own_query(&own_query);
	}
	if (r < 0)
		return r;
	derive_keys(agent, &keys);
	struct message_connected connected = {
		.connection = connection->number,
		.context_index = connection->context_index,
		.learn_judgement = agent->learn_judgement,
		.learn_query = buf_view(&query),
		.own_query = buf_view(&own_query),
		.key_count = (uint32_t)(keys.length / MESSAGE_KEY_SIZE),
		.keys = buf_view(&keys),
	};
	answer->kind = MESSAGE_CONNECTED;
	buf_clear(&answer->body);
	message_connected_write(&answer->body, &connected);
	return answer->body.failed;
}

int agent_connection_open(struct agent *agent, const struct message_connect *connect,
			  struct packet *answer)
{
	struct agent_process *process = agent_process_find(agent, connect->process);
	struct session_address address = address_of(connect);
	struct agent_connection *connection = process ? calloc(1, sizeof(*connection)) : NULL;

	if (!connection)
		return process ? -ENOMEM : -ENOENT;
	connection->process = process;
	connection->number = agent_number(agent);
	connection->context_index = next_context(process);
	int r = fill_caller(agent, connection, connect->user);
	if (r == 0)
		r = issued_add(&process->connections, connection->number);
	if (r == 0)
		r = session_new(agent->policy, &address, &connection->session);
	if (r == 0)
		r = session_parameter(connection->session, SLICE("standard_conforming_strings"),
				      connect->standard_conforming_strings);
	if (r == 0)
		r = session_parameter(connection->session, SLICE("client_encoding"),
				      connect->client_encoding);
	if (r < 0) {
		connection_free(connection);
		return r;
	}
	if (connect->peer.length > 0 && connect->peer.length < sizeof(connection->peer))
		memcpy(connection->peer, connect->peer.at, connect->peer.length);
	if (connect->is_used)
		session_inherit(connection->session, connect->open_calls);
	record_connection(agent, connection, connect);
	agent_flush(agent); /* before anything can name it */
	connection->next = agent->connections;
	agent->connections = connection;
	agent_connection_publish(agent, connection);
	return write_answer(agent, connection, answer);
}

static int split_rows(const struct message_learn *learn, struct slice **ret_rows)
{
	struct slice *rows = calloc(learn->row_count + 1, sizeof(*rows));
	struct wire wire = { learn->rows, false };

	if (!rows)
		return -ENOMEM;
	for (uint32_t i = 0; i < learn->row_count && !wire.failed; i++)
		rows[i] = wire_text(&wire);
	if (!wire_is_done(&wire)) {
		free(rows);
		return -EBADMSG;
	}
	*ret_rows = rows;
	return 0;
}

void agent_connection_learn(struct agent *agent, const struct message_learn *learn)
{
	struct agent_connection *connection = agent_connection_find(agent, learn->connection);
	SCOPED(free_p) struct slice *rows = NULL;
	struct catalogue *catalogue;

	if (!connection)
		return;
	int r = learn->failed || learn->row_count > MESSAGE_ROWS_MAX ? -EBADMSG
								     : split_rows(learn, &rows);
	if (r == 0)
		r = catalogue_read(rows, learn->row_count, &catalogue);
	if (learn->is_own) {
		session_learn_own(connection->session, r < 0 ? NULL : catalogue);
	} else if (r < 0) {
		agent_note(agent, connection->number, "the catalogue could not be learned: %s",
			   strerror(-r));
	} else {
		session_learn(connection->session, catalogue);
		connection->learned_ns = monotonic_ns();
	}
	agent_connection_publish(agent, connection);
}

void agent_connection_close(struct agent *agent, uint64_t number)
{
	for (struct agent_connection **at = &agent->connections; *at; at = &(*at)->next) {
		struct agent_connection *connection = *at;

		if (connection->number != number)
			continue;
		struct record_entry entry = { .kind = RECORD_CLOSED,
					      .parent = number,
					      .time_ns = realtime_ns() };
		agent_record(agent, &entry);
		*at = connection->next;
		connection_free(connection);
		return;
	}
}
