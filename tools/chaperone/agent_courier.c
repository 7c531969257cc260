/* SPDX-License-Identifier: MIT */
#include "tools/chaperone/agent_courier.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/chaperone/agent.h"
#include "tools/chaperone/remote_program.h"
#include "tools/chaperone/server_policy.h"

#define START_AFTER_S 1
#define AGAIN_AFTER_S 5

static void start_later(const struct courier *courier, int seconds)
{
	const struct timeval pause = { seconds, 0 };

	event_add(courier->starting, &pause);
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

/* Reads what was kept: what a courier says of it counts for nothing. */
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
static void take_failure(struct courier *courier, struct slice why)
{
	struct agent *agent = courier->agent;

	if (!courier->is_failing)
		agent_note(agent, agent->policy_number, "the server: %.*s", SLICE_ARGUMENTS(why));
	courier->is_failing = true;
}

static void take_line(struct courier *courier, struct slice line)
{
	struct slice first = slice_cut(&line, ' ');

	if (slice_is(first, "failed")) {
		take_failure(courier, line);
		return;
	}
	courier->is_failing = false;
	if (courier->kind == COURIER_OF_POLICY)
		take_word(courier->agent);
}

static void take_byte(struct courier *courier, char byte)
{
	if (byte != '\n') {
		buf_add_char(&courier->line, byte);
		return;
	}
	take_line(courier, buf_view(&courier->line));
	buf_clear(&courier->line);
}

static void read_lines(evutil_socket_t fd, short what, void *context)
{
	struct courier *courier = context;
	char bytes[COURIER_LINE_MAX];
	ssize_t n = read(fd, bytes, sizeof(bytes));

	(void)what;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	for (ssize_t i = 0; i < n; i++)
		take_byte(courier, bytes[i]);
	if (n > 0 && !courier->line.failed)
		return;
	let_go(courier);
	start_later(courier, AGAIN_AFTER_S);
}

static int follow(struct courier *courier)
{
	const struct agent_settings *settings = &courier->agent->settings;
	const char *const pull[] = {
		"policy", "pull", "--follow", "--folder", settings->server_folder, NULL
	};
	const char *const deliver[] = { "audit",
					"deliver",
					"--follow",
					"--folder",
					settings->server_folder,
					"--record",
					settings->record_folder,
					NULL };

	return remote_program_follow(courier->kind == COURIER_OF_POLICY ? pull : deliver,
				     &courier->pid, &courier->lines);
}

static void start(evutil_socket_t none, short what, void *context)
{
	struct courier *courier = context;

	(void)none;
	(void)what;
	if (follow(courier) == 0)
		courier->reading = event_new(courier->agent->loop, courier->lines,
					     EV_READ | EV_PERSIST, read_lines, courier);
	if (courier->reading && event_add(courier->reading, NULL) == 0)
		return;
	let_go(courier);
	start_later(courier, AGAIN_AFTER_S);
}

int agent_couriers_start(struct agent *agent)
{
	for (size_t i = 0; i < COURIER_KINDS; i++) {
		struct courier *courier = &agent->couriers[i];

		*courier = (struct courier){ .agent = agent,
					     .kind = (enum courier_kind)i,
					     .lines = -1,
					     .line = BUF_MAX(COURIER_LINE_MAX) };
		courier->starting = evtimer_new(agent->loop, start, courier);
		if (!courier->starting)
			return -ENOMEM;
		start_later(courier, START_AFTER_S);
	}
	return 0;
}

void agent_couriers_stop(struct agent *agent)
{
	for (size_t i = 0; i < COURIER_KINDS && agent->couriers[i].starting; i++) {
		let_go(&agent->couriers[i]);
		event_free(agent->couriers[i].starting);
		buf_done(&agent->couriers[i].line);
	}
}

void courier_deliver_rest(const char *server_folder, const char *record_folder, int patience_ms)
{
	const char *const words[] = { "audit",    "deliver",     "--folder", server_folder,
				      "--record", record_folder, NULL };

	if (server_folder)
		(void)remote_program_run(words, patience_ms);
}
