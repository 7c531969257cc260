/* SPDX-License-Identifier: MIT */
#include "tools/server/policy/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/file.h"

#define REPORT_MAX (16 * MIB)
#define PIECE_SIZE (64 * KIB)

struct worker {
	pid_t pid; /* 0: none */
	int report;
	uint64_t until_ns;
};

static void worker_done(struct worker *worker)
{
	if (worker->pid > 0) {
		kill(worker->pid, SIGKILL);
		while (waitpid(worker->pid, NULL, 0) < 0 && errno == EINTR)
			continue;
	}
	close_p(&worker->report);
}

/* It has the archive, its report and nothing else; signals come to it as to any program. */
static int set_up(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, int archive,
		  int report)
{
	sigset_t none;
	int r = posix_spawn_file_actions_adddup2(actions, archive, STDIN_FILENO);

	if (r == 0)
		r = posix_spawn_file_actions_adddup2(actions, report, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_WRONLY,
						     0);
	if (r == 0)
		r = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
	sigemptyset(&none);
	if (r == 0)
		r = posix_spawnattr_setsigmask(attributes, &none);
	if (r == 0)
		r = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK);
	return r;
}

static int spawn(int archive, int report, pid_t *ret_pid)
{
	char *arguments[] = { (char[]){ "chaperone-server" }, (char[]){ "worker" }, NULL };
	char *nothing[] = { NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return -ENOMEM;
	int r = posix_spawnattr_init(&attributes);
	if (r == 0) {
		r = set_up(&actions, &attributes, archive, report);
		if (r == 0)
			r = posix_spawn(ret_pid, "/proc/self/exe", &actions, &attributes, arguments,
					nothing);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

static int open_archive(struct slice archive, int *ret_fd)
{
	SCOPED(close_p) int fd = memfd_create("archive", MFD_CLOEXEC);
	int r = fd < 0 ? -errno : file_write_all(fd, archive.at, archive.length);

	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	if (r == 0)
		*ret_fd = steal_fd(&fd);
	return r;
}

static int start(struct slice archive, struct worker *worker)
{
	SCOPED(close_p) int source = -1;
	int ends[2];
	int r = open_archive(archive, &source);

	if (r < 0)
		return r;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	worker->report = ends[0];
	r = spawn(source, ends[1], &worker->pid);
	close(ends[1]);
	return r;
}

/* Waits until something can be read, as long as the worker may take. */
static int wait_for(int fd, uint64_t until_ns)
{
	struct pollfd ready = { fd, POLLIN, 0 };
	uint64_t now_ns = monotonic_ns();

	if (now_ns >= until_ns)
		return -ETIME;
	int count = poll(&ready, 1, (int)((until_ns - now_ns) / MILLISECOND_NS) + 1);
	return count > 0 ? 0 : count == 0 ? -ETIME : errno == EINTR ? 0 : -errno;
}

static int read_report(const struct worker *worker, struct buf *report)
{
	char piece[PIECE_SIZE];
	ssize_t n = 1;

	while (n != 0) {
		int r = wait_for(worker->report, worker->until_ns);

		if (r < 0)
			return r;
		n = read(worker->report, piece, sizeof(piece));
		if (n < 0 && errno != EINTR)
			return -errno;
		buf_add(report, piece, n > 0 ? (size_t)n : 0);
		if (report->failed)
			return report->failed;
	}
	return 0;
}

/* Its status decides, so that one which died has no good report. */
static int end(struct worker *worker, int *ret_status)
{
	SCOPED(close_p) int process = pidfd_open(worker->pid, 0);
	int status, r = process < 0 ? -errno : wait_for(process, worker->until_ns);
	pid_t pid;

	if (r < 0)
		return r;
	while ((pid = waitpid(worker->pid, &status, 0)) < 0 && errno == EINTR)
		continue;
	worker->pid = 0;
	if (pid < 0 || !WIFEXITED(status))
		return -ENOTRECOVERABLE;
	*ret_status = WEXITSTATUS(status);
	return 0;
}

static bool is_error(const json_t *finding)
{
	const char *severity = json_string_value(json_object_get(finding, "severity"));

	return severity && slice_is(SLICE("error"), severity);
}

/* As many as are shown, in their order; warnings are left out before errors. */
static json_t *choose(const json_t *findings, uint64_t errors)
{
	uint64_t room = TRIAL_FINDINGS_SHOW;
	uint64_t warnings = errors < room ? room - errors : 0;
	json_t *chosen = json_array(), *finding;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)findings, i, finding)
	{
		uint64_t *left = is_error(finding) ? &room : &warnings;

		if (*left == 0)
			continue;
		--*left;
		json_array_append(chosen, finding);
	}
	return chosen;
}

static int read_trial(struct slice report, int status, struct trial *ret_trial)
{
	SCOPED(document_freep) json_t *document = document_read(report);
	const json_t *findings = json_object_get(document, "findings");
	json_int_t errors = json_integer_value(json_object_get(document, "errors"));

	if (!json_is_array(findings) || status > 1 || errors < 0 || (errors > 0) != (status == 1))
		return -ENOTRECOVERABLE;
	ret_trial->findings = choose(findings, (uint64_t)errors);
	ret_trial->errors = (uint64_t)errors;
	return 0;
}

void trial_done(struct trial *trial)
{
	json_decref(trial->findings);
}

int trial_run(struct slice archive, struct trial *ret_trial)
{
	SCOPED(worker_done)
	struct worker worker = { .report = -1, .until_ns = monotonic_ns() + TRIAL_NS };
	SCOPED(buf_done) struct buf report = BUF_MAX(REPORT_MAX);
	int status = 0;
	int r = start(archive, &worker);

	if (r == 0)
		r = read_report(&worker, &report);
	if (r == 0)
		r = end(&worker, &status);
	return r < 0 ? r : read_trial(buf_view(&report), status, ret_trial);
}
