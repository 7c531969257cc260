/* SPDX-License-Identifier: MIT */
#include "tools/chaperone/server_policy.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/slice.h"
#include "tools/chaperone/remote_program.h"
#include "tools/remote/bundle.h"

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

static int start(const char *folder, const char *mode, int out, pid_t *ret_pid)
{
	const char *const arguments[] = {
		"chaperone-remote", "policy", "pull", "--folder", folder, mode, NULL
	};
	char path[PATH_MAX], *environment[COUNT_OF(PASSED_ON) + 1];
	posix_spawn_file_actions_t actions;
	int r = remote_program_find(path, NULL);

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

int server_policy_follow(const char *folder, pid_t *ret_pid, int *ret_lines)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	fcntl(ends[1], F_SETFL, 0);
	int r = start(folder, "--follow", ends[1], ret_pid);
	close(ends[1]);
	if (r < 0)
		close(ends[0]);
	else
		*ret_lines = ends[0];
	return r;
}

/* Waits for its end, and sees to it that it comes. */
static bool has_succeeded(pid_t pid, int patience_ms)
{
	SCOPED(close_p) int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd ended = { fd, POLLIN, 0 };
	int status = -1;

	if (fd < 0 || poll(&ended, 1, patience_ms) <= 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return status == 0;
}

bool server_policy_pull(const char *folder, int patience_ms)
{
	pid_t pid;

	return start(folder, NULL, -1, &pid) == 0 && has_succeeded(pid, patience_ms);
}

int server_policy_read(const char *folder, struct policy_source *ret_source,
		       struct server_word *ret_word, struct error *error)
{
	SCOPED(enrolled_done) struct enrolled enrolled = { .url = "" };
	SCOPED(bundle_done) struct bundle bundle = BUNDLE_NONE;
	int r = enrolled_read(folder, &enrolled, error);

	if (r == 0)
		r = bundle_load(&enrolled, &bundle, error);
	if (r == 0 && bundle.version == 0)
		r = error_set(
			error, -ENOENT,
			"no policy has come from %.200s yet: `chaperone policy pull` says why",
			enrolled.server);
	if (r == 0)
		r = policy_source_unpack(bundle.source, ret_source, error);
	if (r < 0)
		return r;
	*ret_word = (struct server_word){ bundle.version, (int64_t)bundle.issued_s,
					  (int64_t)bundle.expires_s };
	return 0;
}
