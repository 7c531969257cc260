/* SPDX-License-Identifier: MIT */
#include "tools/remote/rehearsal.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/command/beside.h"

/* Installed, or in the build folder. */
static const char *const PLACES[] = {
	"../../bin/chaperone",
	"../../../bin/chaperone",
	"../chaperone/chaperone",
};

static bool is_folder(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static void become(const char *program, const char *path, const char *from, bool is_document)
{
	const char *words[8] = { "chaperone", "policy", "replay", "--policy", path };
	size_t count = 5;

	if (is_folder(from))
		words[count++] = "--record";
	words[count] = from;
	if (!is_document || dup2(STDERR_FILENO, STDOUT_FILENO) >= 0)
		execv(program, (char *const *)(uintptr_t)words);
	_exit(EXIT_FAILURE);
}

int rehearse(const char *path, const char *from, bool is_document, struct error *error)
{
	char program[PATH_MAX];
	int status = 0, r = beside_find(PLACES, COUNT_OF(PLACES), program, error);

	if (r < 0)
		return r;
	fflush(stdout);
	pid_t child = fork();
	if (child == 0)
		become(program, path, from, is_document);
	while (child > 0 && waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return error_system(error, -errno, program);
	}
	if (child < 0)
		return error_system(error, -errno, program);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return error_set(error, -EIO, "not pushed: not all of %.300s could be judged", from);
}
