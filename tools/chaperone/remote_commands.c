/* SPDX-License-Identifier: MIT */
/* Commands that talk to the server: chaperone-remote's, which takes this program's place for
 * them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/chaperone/commands.h"
#include "tools/chaperone/governed.h"
#include "tools/chaperone/remote_program.h"
#include "tools/command/command.h"
#include "tools/command/terminal.h"

#define NAME_WORDS_MAX 2u

static int fail(const char *command, const struct error *error)
{
	terminal_error(command, error);
	return EXIT_USAGE;
}

/* As command_dispatch takes them: the name of a command in words. */
static char **command_line(int argc, char **argv, char name[COMMAND_NAME_MAX])
{
	char **line = calloc((size_t)argc + NAME_WORDS_MAX + 1, sizeof(*line));
	char *second;
	size_t count = 1;

	if (!line)
		return NULL;
	snprintf(name, COMMAND_NAME_MAX, "%s", argv[0]);
	second = strchr(name, ' ');
	line[0] = line[count++] = name;
	if (second) {
		*second++ = '\0';
		line[count++] = second;
	}
	memcpy(line + count, argv + 1, (size_t)argc * sizeof(*argv)); /* the NULL too */
	return line;
}

int command_remote(int argc, char **argv)
{
	struct error error = { .text = "" };
	char path[PATH_MAX], name[COMMAND_NAME_MAX];
	SCOPED(free_p) char **line = command_line(argc, argv, name);

	if (!line || remote_program_find(path, &error) < 0)
		return fail(argv[0], &error);
	execv(path, line);
	error_system(&error, -errno, path);
	return fail(argv[0], &error);
}

/* Whom this machine believes, and what many will be governed by. */
int command_remote_by_person(int argc, char **argv)
{
	struct error error = { .text = "" };

	if (governed_refuse(&error) < 0)
		return fail(argv[0], &error);
	return command_remote(argc, argv);
}
