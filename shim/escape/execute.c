/* SPDX-License-Identifier: MIT */
/* Stand-ins for the exec family.  As in glibc, those that take a list or no environment are made of
 * those that take both arrays. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <unistd.h>

#include "shim/escape/start_program.h"
#include "shim/preload/guard.h"
#include "shim/preload/next.h"

/* Of one call of execl and its like, whose arguments stand in a program's text: 32 KiB of stack. */
#define LIST_MAX 4096

extern char **environ;

static int fail(int code)
{
	errno = -code;
	return -1;
}

static int execute(const struct program_start *start, char *const variables[])
{
	int result;
	int r = program_start(start, variables, &result);

	return r < 0 ? fail(r) : result;
}

static int forward_path(const struct program_start *start, char *const variables[])
{
	__typeof__(&execve) next = NEXT(execve);

	return next ? next(start->target.path, start->arguments, variables) : fail(-ENOSYS);
}

static int forward_searched(const struct program_start *start, char *const variables[])
{
	__typeof__(&execvpe) next = NEXT(execvpe);

	return next ? next(start->target.path, start->arguments, variables) : fail(-ENOSYS);
}

static int forward_descriptor(const struct program_start *start, char *const variables[])
{
	__typeof__(&fexecve) next = NEXT(fexecve);

	return next ? next(start->target.folder, start->arguments, variables) : fail(-ENOSYS);
}

static int forward_at(const struct program_start *start, char *const variables[])
{
	__typeof__(&execveat) next = NEXT(execveat);

	return next ? next(start->target.folder, start->target.path, start->arguments, variables,
			   start->target.flags)
		    : fail(-ENOSYS);
}

static int execute_path(const char *path, char *const arguments[], char *const variables[])
{
	struct program_start start = { .target = { .folder = AT_FDCWD, .path = path },
				       .arguments = arguments,
				       .forward = forward_path };

	return execute(&start, variables);
}

static int execute_searched(const char *file, char *const arguments[], char *const variables[])
{
	struct program_start start = {
		.target = { .folder = AT_FDCWD, .path = file, .is_searched = true },
		.arguments = arguments,
		.forward = forward_searched
	};

	return execute(&start, variables);
}

STAND_IN int execve(const char *path, char *const argv[], char *const envp[])
{
	return execute_path(path, argv, envp);
}

STAND_IN int execv(const char *path, char *const argv[])
{
	return execute_path(path, argv, environ);
}

STAND_IN int execvpe(const char *file, char *const argv[], char *const envp[])
{
	return execute_searched(file, argv, envp);
}

STAND_IN int execvp(const char *file, char *const argv[])
{
	return execute_searched(file, argv, environ);
}

STAND_IN int fexecve(int fd, char *const argv[], char *const envp[])
{
	struct program_start start = {
		.target = { .folder = fd, .path = "", .flags = AT_EMPTY_PATH },
		.arguments = argv,
		.forward = forward_descriptor
	};

	return execute(&start, envp);
}

STAND_IN int execveat(int fd, const char *path, char *const argv[], char *const envp[], int flags)
{
	struct program_start start = { .target = { .folder = fd, .path = path, .flags = flags },
				       .arguments = argv,
				       .forward = forward_at };

	return execute(&start, envp);
}

/* How many arguments follow the first one, the NULL not counted; -E2BIG. */
static int count_list(const char *first, va_list rest)
{
	int count = 0;

	if (!first)
		return 0;
	while (va_arg(rest, char *)) {
		if (++count >= LIST_MAX)
			return -E2BIG;
	}
	return count;
}

/* Fills `room`, and leaves `rest` behind the NULL. */
static void take_list(char **room, const char *first, va_list *rest)
{
	*room = (char *)(uintptr_t)first;
	while (*room)
		*++room = va_arg(*rest, char *);
}

/* The three forms differ in what follows the list, and in what they call. */
#define LISTED(name, variables, call)                                                              \
	STAND_IN int name(const char *file, const char *argument, ...)                             \
	{                                                                                          \
		va_list rest;                                                                      \
		va_start(rest, argument);                                                          \
		int count = count_list(argument, rest);                                            \
		va_end(rest);                                                                      \
		if (count < 0)                                                                     \
			return fail(count);                                                        \
		char **list = __builtin_alloca(((size_t)count + 2) * sizeof(char *));              \
		va_start(rest, argument);                                                          \
		take_list(list, argument, &rest);                                                  \
		char *const *given = variables;                                                    \
		va_end(rest);                                                                      \
		return call(file, list, given);                                                    \
	}

/* clang-format off */
LISTED(execl, environ, execute_path)
LISTED(execlp, environ, execute_searched)
LISTED(execle, va_arg(rest, char *const *), execute_path)
/* clang-format on */
