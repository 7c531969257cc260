/* SPDX-License-Identifier: MIT */
#include "tools/chaperone/agent_courier.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/chaperone/agent.h"
#include "tools/chaperone/server_policy.h"

#define START_AFTER_S 1
#define AGAIN_AFTER_S 5

static void start_later(struct agent *agent, int seconds)
{
	const struct timeval pause = { seconds, 0 };

	event_add(agent->courier.starting, &pause);
}

static void let_go(struct courier *courier)
{
	if (courier->reading)
		event_free(courier->reading);
	courier->reading = NULL;
	close_p(&courier->lines);
	courier->lines = -1;
	if (courier->pid > 0) {
		kill(courier->pid, SIGKILL);
		while (waitpid(courier->pid, NULL, 0) < 0 && errno == EINTR)
			continue;
	}
	courier->pid = 0;
	buf_clear(&courier->line);
}

/* Reads what it says was kept: its own word counts for nothing. */
static void take_word(struct agent *agent)
{
	SCOPED(policy_source_done) struct policy_source source = { .texts = NULL };
	struct server_word word;

	if (server_policy_read(agent->settings.server_folder, &source, &word, NULL) < 0)
		return;
	if (word.version == agent->policy->version) {
		agent->word = word;
		return;
	}
	agent_note(agent, agent->policy_number, "the server has another policy: version %llu",
		   (unsigned long long)word.version);
	agent->is_outdated = true;
	event_base_loopbreak(agent->loop);
}

/* Once for a while in which it does not succeed. */
static void take_failure(struct agent *agent, struct slice why)
{
	if (!agent->courier.is_failing)
		agent_note(agent, agent->policy_number, "the server: %.*s", SLICE_ARGUMENTS(why));
	agent->courier.is_failing = true;
}

static void take_line(struct agent *agent, struct slice line)
{
	struct slice first = slice_cut(&line, ' ');

	if (slice_is(first, "failed")) {
		take_failure(agent, line);
		return;
	}
	agent->courier.is_failing = false;
	take_word(agent);
}

static void take_byte(struct agent *agent, char byte)
{
	struct buf *line = &agent->courier.line;

	if (byte != '\n') {
		buf_add_char(line, byte);
		return;
	}
	take_line(agent, buf_view(line));
	buf_clear(line);
}

static void read_lines(evutil_socket_t fd, short what, void *context)
{
	struct agent *agent = context;
	char bytes[COURIER_LINE_MAX];
	ssize_t n = read(fd, bytes, sizeof(bytes));

	(void)what;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	for (ssize_t i = 0; i < n; i++)
		take_byte(agent, bytes[i]);
	if (n > 0 && !agent->courier.line.failed)
		return;
	let_go(&agent->courier);
	start_later(agent, AGAIN_AFTER_S);
}

static void start(evutil_socket_t none, short what, void *context)
{
	struct agent *agent = context;
	struct courier *courier = &agent->courier;

	(void)none;
	(void)what;
	if (server_policy_follow(agent->settings.server_folder, &courier->pid, &courier->lines) <
	    0) {
		start_later(agent, AGAIN_AFTER_S);
		return;
	}
	courier->reading =
		event_new(agent->loop, courier->lines, EV_READ | EV_PERSIST, read_lines, agent);
	if (courier->reading && event_add(courier->reading, NULL) == 0)
		return;
	let_go(courier);
	start_later(agent, AGAIN_AFTER_S);
}

int agent_courier_start(struct agent *agent)
{
	agent->courier.starting = evtimer_new(agent->loop, start, agent);
	if (!agent->courier.starting)
		return -ENOMEM;
	start_later(agent, START_AFTER_S);
	return 0;
}

void agent_courier_stop(struct agent *agent)
{
	let_go(&agent->courier);
	if (agent->courier.starting)
		event_free(agent->courier.starting);
	buf_done(&agent->courier.line);
}
