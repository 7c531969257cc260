/* SPDX-License-Identifier: MIT */
/* Everything that `run` needs before it starts anything: policy, shim, folders, socket. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "tools/command/places.h"
#include "tools/chaperone/process.h"
#include "tools/chaperone/run.h"

#define OPEN_FOLDER "/run" /* hier(7) */

/* Joins base and tail; -ENAMETOOLONG when that does not fit. */
static int join(char ret_path[PATH_MAX], const char *base, const char *tail)
{
	int length = snprintf(ret_path, PATH_MAX, "%s/%s", base, tail);

	return length < 0 || length >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static int make_id(struct run *run)
{
	unsigned char random[8];

	if (getrandom(random, sizeof(random), 0) != sizeof(random) ||
	    getrandom(run->settings.seed, sizeof(run->settings.seed), 0) !=
		    sizeof(run->settings.seed))
		return -EIO;
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(run->id + 2 * i, 3, "%02x", random[i]);
	return 0;
}

/* True where root alone puts files, and everybody finds them. */
static bool is_roots_and_open(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == 0 &&
	       !(status.st_mode & 022) && (status.st_mode & S_IXOTH);
}

/* A program of root's may give up its user id before it looks for the agent, and could not enter
 * the run's folder then. So root's socket lies outside, where anybody can connect, and the agent
 * tells members from strangers; the rings stay inside. */
static int listen_for_all(struct run *run)
{
	if (geteuid() != 0 || !is_roots_and_open(OPEN_FOLDER))
		return -EPERM;
	snprintf(run->socket, sizeof(run->socket), OPEN_FOLDER "/chaperone-%s.socket", run->id);
	int r = socket_listen(run->socket, &run->listening);
	if (r == 0 && chmod(run->socket, 0666) < 0) {
		r = -errno;
		unlink(run->socket);
		close(steal_fd(&run->listening));
	}
	return r;
}

/* The run's own folder, below a private one; never below a shared temporary folder. */
static int make_folder(struct run *run, struct error *error)
{
	char tail[64], base[PATH_MAX];
	int fd;

	snprintf(tail, sizeof(tail), "run-%s", run->id);
	int r = place_of_rings(base, error);
	if (r < 0)
		return r;
	r = folder_open_private(base, &fd);
	if (r < 0)
		return error_system(error, r, base);
	close(fd);
	r = join(run->folder, base, tail);
	if (r == 0)
		r = folder_open_private(run->folder, &run->lock);
	if (r == 0 && flock(run->lock, LOCK_EX | LOCK_NB) < 0)
		r = -errno;
	if (r < 0)
		return error_system(error, r, run->folder);
	if (listen_for_all(run) == 0)
		return 0;
	r = join(run->socket, run->folder, "agent.socket");
	if (r == 0)
		r = socket_listen(run->socket, &run->listening);
	return r < 0 ? error_system(error, r, run->socket) : 0;
}

/* One word of CHAPERONE_DATABASES (shim/escape/destination.c). */
static bool add_word(struct run *run, const char *word)
{
	size_t used = strlen(run->databases), length = strlen(word);

	if (used + length + 2 > sizeof(run->databases))
		return false;
	snprintf(run->databases + used, sizeof(run->databases) - used, "%s%s", used ? " " : "",
		 word);
	return true;
}

/* PostgreSQL's are folders, in which every socket is known by its name. */
static bool is_of_files(const struct policy_database *database)
{
	return database->engine != ENGINE_POSTGRES;
}

/* A pattern that means every socket of the machine says nothing about databases; one with a blank
 * cannot be a word. */
static bool add_database(struct run *run, const struct policy_database *database)
{
	bool fits = true;

	for (size_t i = 0; i < database->port_count; i++) {
		char port[8];

		snprintf(port, sizeof(port), "%u", database->ports[i]);
		fits = fits && add_word(run, port);
	}
	for (size_t i = 0; i < database->sockets.count && is_of_files(database); i++) {
		const char *path = database->sockets.items[i];

		if (!strchr(path, ' ') && path[strspn(path, "*/")])
			fits = fits && add_word(run, path);
	}
	return fits;
}

/* Where shims are to look for connections to databases, besides what is well known. */
static int list_databases(struct run *run, struct error *error)
{
	for (size_t i = 0; i < run->policy->database_count; i++) {
		if (!add_database(run, &run->policy->databases[i]))
			return error_set(
				error, -E2BIG,
				"the ports and sockets of all databases take more than %d bytes",
				RUN_DATABASES_MAX);
	}
	return 0;
}

static int find_libraries(struct run *run, struct error *error)
{
	int r = shim_file_find(run->shim, error);

	if (r == 0 && run->options.is_audited)
		r = shim_file_find_auditor(run->shim, run->auditor, error);
	return r;
}

static int make_counts(struct run *run, struct error *error)
{
	void *counts = mmap(NULL, sizeof(struct agent_counts), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (counts == MAP_FAILED)
		return error_system(error, -errno, "shared memory");
	run->settings.counts = counts;
	return 0;
}

/* Only a program of root's can give up its user id. */
static void warn_of_hidden_shim(struct run *run)
{
	char folder[PATH_MAX];

	if (geteuid() != 0 || !shim_file_is_hidden(run->shim, folder))
		return;
	snprintf(
		run->warning, sizeof(run->warning),
		"programs that give up their user id will not be governed: others cannot enter %s, where the library is",
		folder);
	run->settings.warning = run->warning;
}

static void settle(struct run *run)
{
	SCOPED(process_close) struct process self = PROCESS_NONE;

	run->settings.kind = AGENT_OF_RUN;
	run->settings.lock = -1;
	run->settings.run_folder = run->folder;
	run->settings.record_folder = run->record;
	run->settings.run_id = run->id;
	run->settings.as_name = run->options.as_name ? run->options.as_name : "";
	run->settings.reason = run->options.reason ? run->options.reason : "";
	run->settings.is_trial = run->options.is_trial;
	run->settings.lets_ungoverned = run->options.lets_ungoverned;
	run->settings.listening = run->listening;
	run->settings.server_folder = policy_server_folder(&run->loaded);
	run->settings.word = run->loaded.word;
	run->settings.tree = getpid();
	warn_of_hidden_shim(run);
	if (process_open(getpid(), &self) == 0)
		snprintf(run->peer, sizeof(run->peer), "%d %llu", (int)self.pid,
			 (unsigned long long)self.start_ticks);
	run->speaks = !run->options.is_quiet && isatty(STDERR_FILENO);
}

int run_prepare(struct run *run, const struct run_options *options, struct error *error)
{
	struct caller nobody = { .count = 0 };

	run->options = *options;
	int r = policy_load(options->policy, options->is_trial, &run->loaded, error);
	run->policy = run->loaded.policy;
	if (r == 0)
		r = list_databases(run, error);
	if (r == 0)
		r = find_libraries(run, error);
	if (r == 0 && options->as_name &&
	    caller_declare(&nobody, run->policy, options->as_name) < 0)
		r = error_set(error, -ENOENT,
			      "--as %s: the policy has no people entry of that name",
			      options->as_name);
	if (r == 0)
		r = place_of_record(options->record, run->record, error);
	if (r == 0 && make_id(run) < 0)
		r = error_system(error, -EIO, "random numbers");
	if (r == 0)
		r = make_folder(run, error);
	if (r == 0)
		r = make_counts(run, error);
	if (r == 0)
		settle(run);
	return r;
}

void run_done(struct run *run)
{
	close_p(&run->listening);
	close_p(&run->signals);
	if (run->socket[0])
		unlink(run->socket);
	if (run->folder[0])
		rmdir(run->folder); /* stays when a ring in it could not be recorded */
	close_p(&run->lock);
	policy_free(run->policy);
}
