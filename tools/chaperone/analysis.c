/* SPDX-License-Identifier: MIT */
/* Starting, asking and ending the analysis worker. */
#include "tools/chaperone/analysis.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "common/clock.h"

#define WORKER_DESCRIPTOR 3

extern char **environ;

static int spawn_worker(int socket, pid_t *ret_pid)
{
	char *arguments[] = { (char[]){ "chaperone" }, (char[]){ "worker" }, NULL };
	char *nothing[] = { NULL };
	posix_spawn_file_actions_t actions;
	int r = posix_spawn_file_actions_init(&actions);

	if (r != 0)
		return -r;
	r = posix_spawn_file_actions_adddup2(&actions, socket, WORKER_DESCRIPTOR);
	if (r == 0)
		r = posix_spawn(ret_pid, "/proc/self/exe", &actions, NULL, arguments, nothing);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

static int start(struct analysis *analysis)
{
	int pair[2];

	if (analysis->pid > 0)
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	int r = spawn_worker(pair[1], &analysis->pid);
	close(pair[1]);
	if (r < 0) {
		close(pair[0]);
		analysis->pid = 0;
		return r;
	}
	analysis->socket = pair[0];
	return 0;
}

static void stop(struct analysis *analysis)
{
	if (analysis->pid <= 0)
		return;
	kill(analysis->pid, SIGKILL);
	while (waitpid(analysis->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	close(analysis->socket);
	analysis->pid = 0;
	analysis->socket = -1;
}

void analysis_done(struct analysis *analysis)
{
	stop(analysis);
	packet_done(&analysis->packet);
}

static int ask(struct analysis *analysis, struct slice text,
	       const struct analyse_settings *settings)
{
	uint64_t until_ns = monotonic_ns() + ANALYSIS_DEADLINE_NS;
	struct packet *packet = &analysis->packet;

	packet->kind = ANALYSIS_REQUEST;
	buf_clear(&packet->body);
	buf_add_char(&packet->body, (char)settings->standard_conforming_strings);
	buf_add_char(&packet->body, (char)settings->is_utf8);
	buf_add_char(&packet->body, (char)settings->single_statement);
	buf_add_slice(&packet->body, text);
	int r = packet_send(analysis->socket, packet, until_ns);
	if (r == 0)
		r = packet_receive(analysis->socket, packet, until_ns);
	return r == 0 && packet->kind != ANALYSIS_FACTS ? -EBADMSG : r;
}

int analysis_facts(struct analysis *analysis, struct slice text,
		   const struct analyse_settings *settings, const struct facts **ret_facts)
{
	int r = start(analysis);

	if (r == 0)
		r = ask(analysis, text, settings);
	const struct facts *facts = r == 0 ? facts_read(buf_view(&analysis->packet.body)) : NULL;
	if (!facts) {
		stop(analysis);
		analysis->deaths++;
		return r < 0 ? r : -EBADMSG;
	}
	*ret_facts = facts;
	return 0;
}
