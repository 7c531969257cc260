/* SPDX-License-Identifier: MIT */
/* The supervisor: parent of the command and of its agents (decisions.md 1). */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "common/auditor.h"
#include "common/buf.h"
#include "common/clock.h"
#include "tools/command/command.h"
#include "tools/chaperone/run.h"

#define AGENT_PATIENCE_MS   5000
#define AGENT_LOOK_MS       100
#define AGENT_ASKED_MAX     30 /* seconds */
#define DELIVER_PATIENCE_MS 2000
#define RESTART_PAUSE_NS    (50 * MILLISECOND_NS)

#define VARIABLE_MAX (128 * KIB) /* MAX_ARG_STRLEN of Linux */

/* Signals that a process may send to us and means for the command. */
static const int FORWARDED[] = { SIGHUP,  SIGINT,  SIGQUIT,  SIGTERM, SIGUSR1,
				 SIGUSR2, SIGALRM, SIGWINCH, SIGCONT, SIGTSTP };

static void agent_child(struct run *run, int ready, pid_t supervisor)
{
	prctl(PR_SET_NAME, "chaperone-agent");
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != supervisor) /* which ended before the signal was asked for */
		_exit(EXIT_FAILURE);
	setpgid(0, 0);
	/* not the command's mask: an agent that cannot be told to end would outlive it */
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	_exit(agent_main(&run->settings, run->policy, ready));
}

/* True when the agent said that it serves. */
static bool agent_is_ready(int fd)
{
	struct pollfd poller = { fd, POLLIN, 0 };
	char byte;

	return poll(&poller, 1, AGENT_PATIENCE_MS) > 0 && read(fd, &byte, 1) == 1;
}

/* Who ignores SIGCHLD learns of no child's end; the command is to have it as it was. */
static int block_signals(struct run *run)
{
	static const struct sigaction reported = { .sa_handler = SIG_DFL };
	sigset_t set;

	if (run->signals >= 0)
		return 0;
	if (sigaction(SIGCHLD, &reported, &run->of_children) < 0)
		return -errno;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	for (size_t i = 0; i < COUNT_OF(FORWARDED); i++)
		sigaddset(&set, FORWARDED[i]);
	if (sigprocmask(SIG_BLOCK, &set, &run->inherited) < 0)
		return -errno;
	run->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return run->signals < 0 ? -errno : 0;
}

int run_start_agent(struct run *run, struct error *error)
{
	int ready[2];
	int r = block_signals(run);

	if (r == 0 && pipe2(ready, O_CLOEXEC) < 0)
		r = -errno;
	if (r < 0)
		return error_system(error, r, "starting the agent");
	run->settings.generation++;
	pid_t supervisor = getpid(), agent = fork();
	if (agent == 0)
		agent_child(run, ready[1], supervisor);
	run->agent = agent > 0 ? agent : 0;
	close(ready[1]);
	bool is_ready = agent > 0 && agent_is_ready(ready[0]);
	close(ready[0]);
	return is_ready ? 0 : error_set(error, -EIO, "the agent did not start");
}

/* Puts an entry in front of one of the loader's lists. */
static int put_in_front(const char *variable, const char *entry)
{
	SCOPED(buf_done) struct buf list = BUF_MAX(VARIABLE_MAX);
	const char *others = getenv(variable);

	buf_add_text(&list, entry);
	if (others && others[0])
		buf_printf(&list, ":%s", others);
	if (list.failed)
		return list.failed;
	return setenv(variable, buf_text(&list), 1) < 0 ? -errno : 0;
}

/* Without all of it the command would not be governed. */
static int set_environment(const struct run *run)
{
	int r = put_in_front("LD_PRELOAD", run->shim);

	if (r == 0 && run->auditor[0])
		r = put_in_front("LD_AUDIT", run->auditor);
	if (r == 0 && run->auditor[0])
		r = put_in_front("GLIBC_TUNABLES", AUDITOR_TUNABLE);
	if (r == 0 &&
	    (setenv("CHAPERONE_SOCKET", run->socket, 1) < 0 ||
	     setenv("CHAPERONE_RUN", run->id, 1) < 0 ||
	     setenv("CHAPERONE_PEER", run->peer, 1) < 0 || unsetenv("CHAPERONE_DATABASES") < 0 ||
	     (run->databases[0] && setenv("CHAPERONE_DATABASES", run->databases, 1) < 0)))
		r = -errno;
	return r;
}

static void command_child(const struct run *run, int failed)
{
	int code = -set_environment(run);

	if (code == 0) {
		sigaction(SIGCHLD, &run->of_children, NULL);
		sigprocmask(SIG_SETMASK, &run->inherited, NULL);
		execvp(run->options.command[0], run->options.command);
		code = errno;
	}
	ssize_t ignored __attribute__((unused)) = write(failed, &code, sizeof(code));
	_exit(RUN_NOT_FOUND);
}

/* Starts the command; the exit status when it cannot be started, else 0. */
static int start_command(struct run *run)
{
	int failed[2], code = 0;

	if (pipe2(failed, O_CLOEXEC) < 0)
		return EXIT_CHAPERONE;
	run->child = fork();
	if (run->child == 0)
		command_child(run, failed[1]);
	close(failed[1]);
	ssize_t n = run->child > 0 ? read(failed[0], &code, sizeof(code)) : -1;
	close(failed[0]);
	if (n == 0)
		return 0;
	if (run->child > 0)
		waitpid(run->child, NULL, 0);
	fprintf(stderr, "chaperone: %s: %s\n", run->options.command[0],
		strerror(n < 0 ? errno : code));
	return n < 0 ? EXIT_CHAPERONE : code == ENOENT ? RUN_NOT_FOUND : RUN_CANNOT_EXECUTE;
}

/* An agent also ends because the server has another policy. */
static void renew_policy(struct run *run)
{
	struct error error;

	if (!run->settings.server_folder ||
	    policy_load_again(&run->loaded, run->options.is_trial, &error) < 0)
		return;
	run->policy = run->loaded.policy;
	run->settings.word = run->loaded.word;
}

static void restart_agent(struct run *run)
{
	struct timespec pause = { 0, (long)RESTART_PAUSE_NS };
	struct error error;

	run->agent = 0;
	renew_policy(run);
	if (run->settings.generation > 3) /* an agent that keeps dying must not keep a core busy */
		nanosleep(&pause, NULL);
	bool is_started = run_start_agent(run, &error) == 0;
	if (!is_started && !run->settings.is_told)
		fprintf(stderr, "chaperone: %s; statements are refused\n", error.text);
	run->settings.is_told = !is_started;
}

/* Ctrl-Z stops the command; we stop with it, and go on when the shell says so. */
static void stop_too(void)
{
	kill(getpid(), SIGSTOP);
}

/* Collects children; true when the command ended, with its exit status. */
static bool collect(struct run *run, int *ret_status)
{
	int status;
	bool ended = false;

	for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0;) {
		if (pid == run->child && WIFSTOPPED(status))
			stop_too();
		else if (pid == run->agent && !WIFSTOPPED(status))
			restart_agent(run);
		else if (pid == run->child) {
			*ret_status =
				WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
			ended = true;
		}
	}
	return ended;
}

/* What the terminal sends reaches the command by itself; what a process sends to us is meant for
 * it. */
static void forward(const struct run *run, const struct signalfd_siginfo *info)
{
	if (info->ssi_code <= 0 || info->ssi_signo == SIGCONT)
		kill(run->child, (int)info->ssi_signo);
}

int run_command(struct run *run)
{
	struct pollfd poller = { run->signals, POLLIN, 0 };
	struct signalfd_siginfo info;
	int status;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	status = start_command(run);
	if (status != 0)
		return status;
	while (!collect(run, &status)) {
		if (run->agent == 0)
			restart_agent(run);
		if (poll(&poller, 1, run->agent > 0 ? -1 : AGENT_LOOK_MS) < 0 && errno != EINTR)
			return EXIT_CHAPERONE;
		while (read(run->signals, &info, sizeof(info)) == sizeof(info)) {
			if (info.ssi_signo != SIGCHLD)
				forward(run, &info);
		}
	}
	return status;
}

/* Waits a second at most for the agent's end. */
static bool agent_has_ended(const struct run *run, int *ret_status)
{
	struct pollfd poller = { run->signals, POLLIN, 0 };
	uint64_t until_ns = monotonic_ns() + SECOND_NS;
	struct signalfd_siginfo info;
	pid_t ended;

	while ((ended = waitpid(run->agent, ret_status, WNOHANG)) == 0 &&
	       monotonic_ns() < until_ns) {
		poll(&poller, 1, AGENT_LOOK_MS);
		while (read(run->signals, &info, sizeof(info)) == sizeof(info))
			continue;
	}
	return ended != 0;
}

/* Ends the agent; false when none has put the rings on record.  It may have missed a signal; one
 * that hangs is killed, and what it leaves is the next one's. */
static bool end_agent(struct run *run)
{
	int status = 0, asked = 0;

	if (run->agent == 0)
		return false;
	do {
		kill(run->agent, asked++ < AGENT_ASKED_MAX ? SIGTERM : SIGKILL);
	} while (!agent_has_ended(run, &status));
	run->agent = 0;
	return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

void run_stop_agent(struct run *run)
{
	struct error error;

	bool is_recorded = end_agent(run) || (run_start_agent(run, &error) == 0 && end_agent(run));
	courier_deliver_rest(run->settings.server_folder, run->record, DELIVER_PATIENCE_MS);
	if (is_recorded)
		return;
	fprintf(stderr,
		"chaperone: what was sent last is not on the record; it stays in %s\n"
		"chaperone: chaperone audit recover --record %s %s puts it there\n",
		run->folder, run->record, run->folder);
}
