/* SPDX-License-Identifier: MIT */
/* Starts a program with file actions: spawns WAY PROGRAM ACTION...
 *
 * WAY is posix_spawn or posix_spawnp.  Actions of the child: cd=PATH fcd=N dup=N,N open=N,PATH close=N
 * from=N strange=N (one of a kind that no libc has).  Of this process, in front of them: at=PATH
 * (changes its folder), path=LIST (its PATH), have=N,PATH (opens a descriptor). The program gets "ran" for
 * its argument. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static posix_spawn_file_actions_t actions;

static const char *behind(const char *text, char mark)
{
	const char *at = strchr(text, mark);

	return at ? at + 1 : "";
}

static int change(const char *value)
{
	return posix_spawn_file_actions_addchdir_np(&actions, value);
}
static int change_to(const char *value)
{
	return posix_spawn_file_actions_addfchdir_np(&actions, atoi(value));
}
static int duplicate(const char *value)
{
	return posix_spawn_file_actions_adddup2(&actions, atoi(value), atoi(behind(value, ',')));
}
static int open_there(const char *value)
{
	return posix_spawn_file_actions_addopen(&actions, atoi(value), behind(value, ','), O_RDONLY,
						0);
}
static int close_there(const char *value)
{
	return posix_spawn_file_actions_addclose(&actions, atoi(value));
}
static int close_from(const char *value)
{
	return posix_spawn_file_actions_addclosefrom_np(&actions, atoi(value));
}
/* glibc's actions begin with their kind; it skips those it does not know. */
static int be_strange(const char *value)
{
	int kind = atoi(value), r = posix_spawn_file_actions_addclose(&actions, 100);

	memcpy((char *)actions.__actions + 32 * (size_t)(actions.__used - 1), &kind, sizeof(kind));
	return r;
}
static int go(const char *value)
{
	return chdir(value);
}
static int search(const char *value)
{
	return setenv("PATH", value, 1);
}
static int have(const char *value)
{
	int fd = open(behind(value, ','), O_PATH);

	return fd >= 0 && dup2(fd, atoi(value)) >= 0 ? 0 : -1;
}

static const struct {
	const char *name;
	int (*take)(const char *value);
} WORDS[] = {
	{ "cd=", change },
	{ "fcd=", change_to },
	{ "dup=", duplicate },
	{ "open=", open_there },
	{ "close=", close_there },
	{ "from=", close_from },
	{ "at=", go },
	{ "path=", search },
	{ "have=", have },
	{ "strange=", be_strange },
};

static int take(const char *word)
{
	for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
		if (strncmp(WORDS[i].name, word, strlen(WORDS[i].name)) == 0)
			return WORDS[i].take(behind(word, '='));
	}
	return -1;
}

int main(int count, char **given)
{
	char *arguments[] = { given[2], (char[]){ "ran" }, NULL };
	int status = 0, error;
	pid_t pid = 0;

	posix_spawn_file_actions_init(&actions);
	for (int i = 3; i < count; i++) {
		if (take(given[i]) != 0)
			return 2;
	}
	if (strcmp(given[1], "posix_spawnp") == 0)
		error = posix_spawnp(&pid, given[2], &actions, NULL, arguments, environ);
	else
		error = posix_spawn(&pid, given[2], &actions, NULL, arguments, environ);
	if (error) {
		printf("errno %d %s\n", error, strerror(error));
		return 1;
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}
