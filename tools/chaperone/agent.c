/* SPDX-License-Identifier: MIT */
/* The agent's loop: clients come and go, leases are renewed, rings are drained, the record is
 * synced. */
#include "tools/chaperone/agent.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/file.h"
#include "tools/chaperone/agent_leftover.h"
#include "tools/chaperone/commands.h"
#include "tools/chaperone/off_switch.h"

#define PACKETS_AT_ONCE  16
#define AGENT_IDLE_LOOKS 4 /* in one idle time */

struct client {
	struct agent *agent;
	struct event *event;
	int socket;
	struct peer_identity peer;
	struct packet packet;
};

static void client_free(struct client *client)
{
	if (client->event)
		event_free(client->event);
	packet_done(&client->packet);
	close(client->socket);
	free(client);
}

static void client_ready(evutil_socket_t socket, short what, void *context)
{
	struct client *client = context;

	(void)what;
	for (int i = 0; i < PACKETS_AT_ONCE; i++) {
		int r = packet_receive((int)socket, &client->packet, 0);

		if (r == -ETIMEDOUT)
			return;
		if (r < 0 ||
		    !agent_serve(client->agent, (int)socket, &client->peer, &client->packet)) {
			client_free(client);
			return;
		}
	}
}

static void accept_client(evutil_socket_t listening, short what, void *context)
{
	struct agent *agent = context;
	int socket = accept4((int)listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct client *client = socket >= 0 ? calloc(1, sizeof(*client)) : NULL;

	(void)what;
	if (!client) {
		if (socket >= 0)
			close(socket);
		return;
	}
	*client = (struct client){ agent, NULL, socket, { 0 }, PACKET_EMPTY };
	if (socket_peer(socket, &client->peer) < 0 || !agent_is_welcome(agent, &client->peer)) {
		agent_turn_away(agent, &client->peer);
		client_free(client);
		return;
	}
	client->event = event_new(agent->loop, socket, EV_READ | EV_PERSIST, client_ready, client);
	if (!client->event || event_add(client->event, NULL) < 0)
		client_free(client);
}

static void renew_leases(evutil_socket_t none, short what, void *context)
{
	(void)none;
	(void)what;
	agent_processes_lease(context);
}

static void drain_rings(evutil_socket_t none, short what, void *context)
{
	(void)none;
	(void)what;
	agent_processes_drain(context);
}

void agent_retire(struct agent *agent)
{
	if (!agent->accepting)
		return;
	event_free(agent->accepting);
	agent->accepting = NULL;
	if (agent->settings.socket_path)
		unlink(agent->settings.socket_path);
	close(agent->settings.listening);
	close_p(&agent->settings.lock);
}

static void end_when_idle(evutil_socket_t none, short what, void *context)
{
	struct agent *agent = context;

	(void)none;
	(void)what;
	if (agent->processes)
		agent->occupied_ns = monotonic_ns();
	if (monotonic_ns() - agent->occupied_ns >= agent->settings.idle_ns)
		event_base_loopbreak(agent->loop);
}

static void sync_record(evutil_socket_t none, short what, void *context)
{
	struct agent *agent = context;

	(void)none;
	(void)what;
	agent->lost_record = record_sync(agent->record);
	if (agent->lost_record < 0)
		event_base_loopbreak(agent->loop);
}

static void look_at_spool(evutil_socket_t none, short what, void *context)
{
	(void)none;
	(void)what;
	agent_spool_look(context);
}

static void hashes_ready(evutil_socket_t none, short what, void *context)
{
	(void)none;
	(void)what;
	agent_processes_hashed(context);
}

static void stop(evutil_socket_t none, short what, void *context)
{
	struct agent *agent = context;

	(void)none;
	(void)what;
	event_base_loopbreak(agent->loop);
}

static int every(struct agent *agent, uint64_t period_ns, event_callback_fn callback)
{
	struct timeval period = { (time_t)(period_ns / SECOND_NS),
				  (suseconds_t)(period_ns % SECOND_NS / 1000) };
	struct event *event = event_new(agent->loop, -1, EV_PERSIST, callback, agent);

	return event && event_add(event, &period) == 0 ? 0 : -ENOMEM;
}

static int on_hashes(struct agent *agent)
{
	if (exe_hasher_new(AGENT_HASH_DEADLINE_MS, &agent->hasher) < 0)
		return 0; /* a record without hashes is better than none */
	struct event *event = event_new(agent->loop, exe_hasher_fd(agent->hasher),
					EV_READ | EV_PERSIST, hashes_ready, agent);

	return event && event_add(event, NULL) == 0 ? 0 : -ENOMEM;
}

static int on_signal(struct agent *agent, int number)
{
	struct event *event = evsignal_new(agent->loop, number, stop, agent);

	return event && event_add(event, NULL) == 0 ? 0 : -ENOMEM;
}

static int accept_clients(struct agent *agent)
{
	agent->accepting = event_new(agent->loop, agent->settings.listening, EV_READ | EV_PERSIST,
				     accept_client, agent);
	return agent->accepting && event_add(agent->accepting, NULL) == 0 ? 0 : -ENOMEM;
}

static int set_up_loop(struct agent *agent)
{
	agent->loop = event_base_new();
	int r = agent->loop ? accept_clients(agent) : -ENOMEM;

	if (r == 0)
		r = every(agent, AGENT_LEASE_EVERY_NS, renew_leases);
	if (r == 0)
		r = every(agent, AGENT_DRAIN_EVERY_NS, drain_rings);
	if (r == 0)
		r = every(agent, AGENT_SYNC_EVERY_NS, sync_record);
	if (r == 0)
		r = every(agent, AGENT_SPOOL_EVERY_NS, look_at_spool);
	if (r == 0 && agent->settings.idle_ns > 0)
		r = every(agent, agent->settings.idle_ns / AGENT_IDLE_LOOKS, end_when_idle);
	if (r == 0)
		r = on_hashes(agent);
	if (r == 0)
		r = on_signal(agent, SIGTERM);
	if (r == 0 && agent->settings.kind == AGENT_OF_MACHINE)
		r = on_signal(agent, SIGINT);
	return r;
}

/* Statements pass through this memory, and under `run` the governed program has the same user
 * id. */
static void close_itself(void)
{
	struct rlimit none = { 0, 0 };

	prctl(PR_SET_DUMPABLE, 0);
	setrlimit(RLIMIT_CORE, &none);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a record over a file size limit is an error, not an end */
	signal(SIGINT, SIG_IGN);  /* the terminal's Ctrl-C is for the program */
	signal(SIGQUIT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGTSTP, SIG_IGN);
}

static int set_up(struct agent *agent, struct error *error)
{
	agent->is_off = off_switch_is_on();
	if (agent->is_off)
		agent->policy->is_trial = true; /* judged and recorded all the same */
	agent->allows_everything = policy_allows_everything(agent->policy) || agent->is_off;
	int r = folder_open_private(agent->settings.run_folder, &agent->run_folder);
	if (r < 0)
		return error_system(error, r, agent->settings.run_folder);
	r = agent_record_start(agent, error);
	if (r < 0)
		return r;
	r = set_up_loop(agent);
	if (r == 0 && agent->settings.server_folder)
		r = agent_couriers_start(agent);
	return r < 0 ? error_system(error, r, "the event loop") : 0;
}

/* Takes down what is left; 0, or why the record has not all of it. */
static int end_record(struct agent *agent)
{
	struct record_entry end = { .kind = RECORD_END, .time_ns = realtime_ns() };

	if (agent->lost_record < 0) {
		/* the rings are the next agent's, as if this one had died */
		agent_flush(agent);
		return agent->lost_record;
	}
	int r = agent_processes_end(agent);
	if (r < 0)
		return r;
	if (agent->has_leftovers)
		agent_leftovers_adopt(agent);
	agent_strangers_end(agent);
	agent_record(agent, &end);
	r = agent_flush(agent);
	if (r < 0) { /* which may make room */
		agent_spool_look(agent);
		r = agent_flush(agent);
	}
	if (r == 0 && agent->settings.counts)
		record_head(agent->record, agent->settings.counts->head);
	return r;
}

static int finish(struct agent *agent, struct error *error)
{
	int r = end_record(agent);

	record_unwritten_done(&agent->unwritten, agent->run_folder, r < 0);
	record_close(agent->record);
	free(agent->judgements);
	analysis_done(&agent->analysis);
	exe_hasher_free(agent->hasher);
	if (r == 0)
		return agent->is_outdated ? AGENT_OUTDATED : 0;
	if (agent->unkept == 0)
		(void)error_system(error, r, agent->settings.record_folder);
	else
		(void)error_set(
			error, r, "%.48s: %s; texts and verdicts of what was new are lost: %s",
			agent->settings.record_folder, strerror(-r), strerror(-agent->unkept));
	return 1;
}

int agent_serve_all(const struct agent_settings *settings, struct policy *policy, int ready,
		    struct error *error)
{
	struct agent agent = { .settings = *settings,
			       .policy = policy,
			       .run_folder = -1,
			       .unwritten = { .fd = -1 },
			       .word = settings->word,
			       .analysis = ANALYSIS_EMPTY,
			       .occupied_ns = monotonic_ns() };

	close_itself();
	int r = set_up(&agent, error);
	if (r < 0)
		return r;
	if (settings->warning && settings->generation == 1)
		agent_note(&agent, 0, "%s", settings->warning);
	if (settings->generation > 1)
		agent_note(&agent, 0, "agent %u of this run took over", settings->generation);
	agent_leftovers_adopt(&agent); /* first: rings name connections in it */
	agent_processes_adopt(&agent);
	agent_spool_look(&agent);
	if (ready < 0 || file_write_all(ready, "r", 1) == 0)
		event_base_dispatch(agent.loop);
	agent_couriers_stop(&agent);
	agent_retire(&agent);
	agent_carries_end(&agent);
	return finish(&agent, error);
}

int agent_main(const struct agent_settings *settings, struct policy *policy, int ready)
{
	struct error error = { 0 };
	char text[1024];

	int r = agent_serve_all(settings, policy, ready, &error);
	if (r == 0 || r == AGENT_OUTDATED)
		return EXIT_SUCCESS;
	error_format(&error, text, sizeof(text));
	if (!settings->is_told)
		fprintf(stderr, "chaperone: %s: %s\n",
			r < 0 ? "the agent cannot start" : "the record cannot be written", text);
	return EXIT_FAILURE;
}
