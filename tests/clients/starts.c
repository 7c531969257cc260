/* SPDX-License-Identifier: MIT */
/* Starts a program with a cleared or crowded environment, in each of the ways that libc has.
 *
 * starts WAY COUNT PROGRAM ARGUMENT...   COUNT: how many variables V0=0, V1=1, … the program is
 * given besides those named in KEEP (separated by commas) */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define VARIABLES_MAX 20000

extern char **environ;

static char *variables[VARIABLES_MAX + 64];

static void fill(int count)
{
	char *keep = getenv("KEEP"), *next = keep ? strdup(keep) : NULL;
	int filled = 0;

	for (char *name; next && (name = strsep(&next, ",")) != NULL;) {
		const char *value = getenv(name);

		if (value && asprintf(&variables[filled], "%s=%s", name, value) > 0)
			filled++;
	}
	for (int i = 0; i < count && i < VARIABLES_MAX; i++)
		if (asprintf(&variables[filled], "V%d=%d", i, i) > 0)
			filled++;
}

static char *program;
static char **arguments; /* the program's own name comes first */

static int with_execve(void)
{
	return execve(program, arguments, variables);
}
/* One text, many times. */
static int with_execve_repeated(void)
{
	static char list[4000] = "LD_PRELOAD=";

	memset(list + strlen(list), ':', sizeof(list) - strlen(list) - 1);
	for (int i = 0; i < 200; i++)
		variables[i] = list;
	return execve(program, arguments, variables);
}
static int with_execv(void)
{
	environ = variables;
	return execv(program, arguments);
}
static int with_execvp(void)
{
	environ = variables;
	return execvp(program, arguments);
}
static int with_execvpe(void)
{
	return execvpe(program, arguments, variables);
}
static int with_fexecve(void)
{
	return fexecve(open(program, O_RDONLY | O_CLOEXEC), arguments, variables);
}
static int with_execveat(void)
{
	return execveat(AT_FDCWD, program, arguments, variables, 0);
}
static int with_execveat_empty(void)
{
	return execveat(open(program, O_PATH | O_CLOEXEC), "", arguments, variables, AT_EMPTY_PATH);
}

/* What is behind the NULL is not looked at. */
#define LIST                                                                                       \
	arguments[0], arguments[1], arguments[1] ? arguments[2] : NULL,                            \
		arguments[1] && arguments[2] ? arguments[3] : NULL, (char *)NULL

static int with_execl(void)
{
	environ = variables;
	return execl(program, LIST);
}
static int with_execlp(void)
{
	environ = variables;
	return execlp(program, LIST);
}
static char *command(void)
{
	size_t size = 1;
	char *text;

	for (char **a = arguments; *a; a++)
		size += strlen(*a) + 3;
	text = calloc(1, size);
	strcat(text, program);
	for (char **a = arguments + 1; *a; a++)
		strcat(strcat(strcat(text, " '"), *a), "'");
	return text;
}

/* More arguments than any calling convention has registers for. */
static int with_execle(void)
{
	return execle("/bin/sh", "sh", "-c", "eval \"exec $9\"", "a0", "a1", "a2", "a3", "a4", "a5",
		      "a6", "a7", "a8", command(), (char *)NULL, variables);
}

static int finish(int error, pid_t pid)
{
	int status = 0;

	errno = error;
	if (error || waitpid(pid, &status, 0) != pid)
		return -1;
	exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static int with_spawn(void)
{
	pid_t pid = 0;
	int error = posix_spawn(&pid, program, NULL, NULL, arguments, variables);

	return finish(error, pid);
}

static int with_spawnp(void)
{
	pid_t pid = 0;

	environ = variables;
	int error = posix_spawnp(&pid, program, NULL, NULL, arguments, environ);

	return finish(error, pid);
}

static int with_spawn_null(void)
{
	pid_t pid = 0;
	int error = posix_spawn(&pid, program, NULL, NULL, arguments, NULL);

	return finish(error, pid);
}

static int with_vfork(void)
{
	volatile int error = 0; /* written by the child, whose stack is ours */
	pid_t pid = vfork();

	if (pid == 0) {
		execve(program, arguments, variables);
		error = errno;
		_exit(127);
	}
	if (error)
		waitpid(pid, NULL, 0);
	return finish(error, pid);
}

static int with_system(void)
{
	char *text = command();
	int status;

	environ = variables;
	status = system(text);
	if (status == -1)
		return -1;
	exit(WIFEXITED(status) ? WEXITSTATUS(status) : 126);
}

static int with_popen(void)
{
	char *text = command(), line[256];
	FILE *pipe;

	environ = variables;
	pipe = popen(text, "r");
	if (!pipe)
		return -1;
	while (fgets(line, sizeof(line), pipe))
		fputs(line, stdout);
	exit(pclose(pipe) == 0 ? 0 : 126);
}

static const struct {
	const char *name;
	int (*start)(void);
} WAYS[] = {
	{ "execve", with_execve },
	{ "execve-repeated", with_execve_repeated },
	{ "execv", with_execv },
	{ "execvp", with_execvp },
	{ "execvpe", with_execvpe },
	{ "execl", with_execl },
	{ "execlp", with_execlp },
	{ "execle", with_execle },
	{ "fexecve", with_fexecve },
	{ "execveat", with_execveat },
	{ "execveat-empty", with_execveat_empty },
	{ "posix_spawn", with_spawn },
	{ "posix_spawnp", with_spawnp },
	{ "posix_spawn-null", with_spawn_null },
	{ "vfork", with_vfork },
	{ "system", with_system },
	{ "popen", with_popen },
};

int main(int count, char **given)
{
	if (count < 4)
		return 2;
	fill(atoi(given[2]));
	program = given[3];
	arguments = given + 3;
	for (size_t i = 0; i < sizeof(WAYS) / sizeof(WAYS[0]); i++) {
		if (strcmp(WAYS[i].name, given[1]) == 0) {
			WAYS[i].start();
			printf("errno %d %s\n", errno, strerror(errno));
			return 1;
		}
	}
	return 2;
}
