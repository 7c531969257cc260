/* SPDX-License-Identifier: MIT */
#include "tools/chaperone/remote_program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/slice.h"

#include "tools/command/beside.h"

/* Installed, or in the build folder. */
static const char *const PLACES[] = {
	"../lib/chaperone/chaperone-remote",
	"../lib/" MULTIARCH "/chaperone/chaperone-remote",
	"../remote/chaperone-remote",
};

int remote_program_find(char ret_path[PATH_MAX], struct error *error)
{
	return beside_find(PLACES, COUNT_OF(PLACES), ret_path, error);
}

/* What libcurl finds its way by; nothing else of the environment is passed on. */
static const char *const PASSED_ON[] = { "https_proxy=", "HTTPS_PROXY=", "all_proxy=",
					 "ALL_PROXY=",   "no_proxy=",    "NO_PROXY=" };

static bool is_passed_on(const char *variable)
{
	for (size_t i = 0; i < COUNT_OF(PASSED_ON); i++) {
		if (slice_starts_with(slice_of(variable), PASSED_ON[i]))
			return true;
	}
	return false;
}

static void choose_environment(char *ret_environment[COUNT_OF(PASSED_ON) + 1])
{
	size_t count = 0;

	for (char **variable = environ; variable && *variable; variable++) {
		if (count < COUNT_OF(PASSED_ON) && is_passed_on(*variable))
			ret_environment[count++] = *variable;
	}
	ret_environment[count] = NULL;
}

/* What it says goes to `out`; -1: to nobody. */
static int prepare(posix_spawn_file_actions_t *actions, int out)
{
	int r = 0;

	for (int fd = 0; fd <= 2 && r == 0; fd++)
		r = fd == 1 && out >= 0 ? -posix_spawn_file_actions_adddup2(actions, out, fd)
					: -posix_spawn_file_actions_addopen(actions, fd,
									    "/dev/null", O_RDWR, 0);
	return r;
}

static int start(const char *const *words, int out, pid_t *ret_pid)
{
	const char *arguments[REMOTE_PROGRAM_WORDS_MAX + 2] = { "chaperone-remote" };
	char path[PATH_MAX], *environment[COUNT_OF(PASSED_ON) + 1];
	posix_spawn_file_actions_t actions;
	int r = remote_program_find(path, NULL);

	for (size_t i = 0; i < REMOTE_PROGRAM_WORDS_MAX && words[i]; i++)
		arguments[i + 1] = words[i];
	if (r == 0)
		r = -posix_spawn_file_actions_init(&actions);
	if (r < 0)
		return r;
	choose_environment(environment);
	r = prepare(&actions, out);
	if (r == 0)
		r = -posix_spawn(ret_pid, path, &actions, NULL, (char *const *)(uintptr_t)arguments,
				 environment);
	posix_spawn_file_actions_destroy(&actions);
	return r;
}

/* Waits for its end, and sees to it that it comes. */
static int wait_for(pid_t pid, int patience_ms)
{
	SCOPED(close_p) int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd ended = { fd, POLLIN, 0 };
	int status = -1;

	if (fd < 0 || poll(&ended, 1, patience_ms) <= 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int remote_program_run(const char *const *words, int patience_ms)
{
	pid_t pid;

	return start(words, -1, &pid) == 0 ? wait_for(pid, patience_ms) : -1;
}

int remote_program_follow(const char *const *words, pid_t *ret_pid, int *ret_lines)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	fcntl(ends[1], F_SETFL, 0);
	int r = start(words, ends[1], ret_pid);
	close(ends[1]);
	if (r < 0)
		close(ends[0]);
	else
		*ret_lines = ends[0];
	return r;
}
