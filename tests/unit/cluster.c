/* SPDX-License-Identifier: MIT */
/* Starts and stops a PostgreSQL of our own; as root it runs under another user id, which it
 * insists on. */
#include "tests/unit/cluster.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define BINARIES "/usr/lib/postgresql/15/bin"

static int run_shell(const char *script)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", script, (char *)NULL);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

static int read_pid(struct cluster *cluster)
{
	char path[128];
	int pid = 0;

	snprintf(path, sizeof(path), "%s/data/postmaster.pid", cluster->folder);
	FILE *file = fopen(path, "re");
	if (!file)
		return -errno;
	if (fscanf(file, "%d", &pid) != 1 || pid <= 1)
		pid = 0;
	fclose(file);
	cluster->postmaster = pid;
	return pid ? 0 : -EIO;
}

int cluster_start(struct cluster *cluster)
{
	const char *other =
		getuid() == 0 ? "setpriv --reuid=nobody --regid=nogroup --clear-groups" : "";
	char script[1024];

	if (access(BINARIES "/initdb", X_OK) < 0)
		return -ENOENT;
	strcpy(cluster->folder, "/tmp/chaperone-cluster-XXXXXX");
	if (!mkdtemp(cluster->folder))
		return -errno;
	snprintf(script, sizeof(script),
		 "cd '%s' && { [ \"$(id -u)\" != 0 ] || chown nobody:nogroup .; } && exec "
		 ">log.start 2>&1 && "
		 "%s " BINARIES "/initdb -D data -U postgres -A trust -E UTF8 --locale=C -N && "
		 "%s " BINARIES "/pg_ctl -D data -w start -l '%s/log' "
		 "-o \"-c listen_addresses='' -k '%s' -c fsync=off -c "
		 "max_prepared_transactions=10\"",
		 cluster->folder, other, other, cluster->folder, cluster->folder);
	int r = run_shell(script);
	return r < 0 ? r : read_pid(cluster);
}

void cluster_stop(struct cluster *cluster)
{
	struct timespec pause = { 0, 20 * 1000 * 1000 };
	char script[128];

	if (cluster->postmaster <= 1)
		return;
	kill(cluster->postmaster, SIGINT);
	for (int i = 0; i < 500 && kill(cluster->postmaster, 0) == 0; i++)
		nanosleep(&pause, NULL);
	cluster->postmaster = 0;
	snprintf(script, sizeof(script), "rm -rf '%s'", cluster->folder);
	if (run_shell(script) < 0)
		fprintf(stderr, "%s is left over\n", cluster->folder);
}
