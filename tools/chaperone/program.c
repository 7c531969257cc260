/* SPDX-License-Identifier: MIT */
/* Going from a command to its program as execvp(3) and the kernel do, and on to what the loader
 * would say. */
#include "tools/chaperone/program.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define SCRIPT_DEPTH_MAX 4
#define LINE_MAX_BYTES   256 /* BINPRM_BUF_SIZE of Linux */

static bool is_program(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/* As execvp: a name without a slash is looked for in PATH. */
static bool find(const char *name, char ret_path[PATH_MAX])
{
	const char *variable = getenv("PATH");
	struct slice folders = slice_of(variable ? variable : "/bin:/usr/bin");

	if (strchr(name, '/'))
		return snprintf(ret_path, PATH_MAX, "%s", name) < PATH_MAX && is_program(ret_path);
	while (folders.at && name[0]) {
		struct slice folder = slice_cut(&folders, ':');

		if (snprintf(ret_path, PATH_MAX, "%.*s/%s", folder.length ? (int)folder.length : 1,
			     folder.length ? folder.at : ".", name) < PATH_MAX &&
		    is_program(ret_path))
			return true;
	}
	return false;
}

static struct slice next_word(struct slice *line)
{
	*line = slice_trim(*line);
	return slice_cut(line, ' ');
}

/* The interpreter of a script: the word after "#!", behind env and its options. */
static bool find_interpreter(const char *path, char ret_name[PATH_MAX])
{
	SCOPED(close_p) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char begin[LINE_MAX_BYTES];
	ssize_t length = fd >= 0 ? read(fd, begin, sizeof(begin)) : -1;

	if (length < 3 || begin[0] != '#' || begin[1] != '!')
		return false;
	struct slice rest = { begin + 2, (size_t)length - 2 };
	struct slice line = slice_cut(&rest, '\n');
	for (char *c = begin; c < begin + length; c++)
		*c = *c == '\t' ? ' ' : *c;
	struct slice word = next_word(&line);
	if (slice_ends_with(word, "/env")) {
		do
			word = next_word(&line);
		while (word.length > 0 && (word.at[0] == '-' || memchr(word.at, '=', word.length)));
	}
	snprintf(ret_name, PATH_MAX, "%.*s", SLICE_ARGUMENTS(word));
	return word.length > 0;
}

/* postgresql-common's pg_wrapper picks the newest installed version of the program whose name it
 * was called by. */
static bool find_wrapped(const char *path, char ret_path[PATH_MAX])
{
	char canonical[PATH_MAX], pattern[PATH_MAX];
	const char *slash = strrchr(path, '/');
	glob_t found;

	if (!slash || !realpath(path, canonical) ||
	    !slice_ends_with(slice_of(canonical), "/pg_wrapper") ||
	    snprintf(pattern, sizeof(pattern), "/usr/lib/postgresql/*/bin%s", slash) >= PATH_MAX ||
	    glob(pattern, 0, NULL, &found) != 0)
		return false;
	snprintf(ret_path, PATH_MAX, "%s", found.gl_pathv[found.gl_pathc - 1]);
	globfree(&found);
	return true;
}

int program_follow(const char *name,
		   void (*step)(void *context, const char *script, const char *interpreter),
		   void *context, char path[PATH_MAX])
{
	char asked[PATH_MAX];

	snprintf(path, PATH_MAX, "%s", strlen(name) < PATH_MAX ? name : "");
	for (int depth = 0; depth < SCRIPT_DEPTH_MAX; depth++) {
		memcpy(asked, path, sizeof(asked));
		if (!find(asked, path)) {
			memcpy(path, asked, sizeof(asked));
			return -ENOENT;
		}
		if (!find_wrapped(path, asked) && !find_interpreter(path, asked))
			return 0;
		if (step)
			step(context, path, asked);
		memcpy(path, asked, sizeof(asked));
	}
	return -ELOOP;
}

/* AT_SECURE: the loader takes no preload from the environment (ld.so(8)). */
/* capabilities(7), ld.so(8): AT_SECURE; root gains nothing by capabilities. */
const char *program_changes_user(const char *path)
{
	const mode_t group = S_ISGID | S_IXGRP;
	struct stat status;

	if (stat(path, &status) < 0)
		return NULL;
	if ((status.st_mode & S_ISUID) && status.st_uid != getuid())
		return "set-user-ID: the loader ignores what is preloaded";
	if ((status.st_mode & group) == group && status.st_gid != getgid())
		return "set-group-ID: the loader ignores what is preloaded";
	return getuid() != 0 && getxattr(path, "security.capability", NULL, 0) > 0
		       ? "a program with capabilities: the loader ignores what is preloaded"
		       : NULL;
}

const char *program_unreachable(const struct elf_file *file)
{
	if (!file->is_native)
		return "a program of another machine or word size, which cannot load the shim";
	if (file->is_go)
		return "a Go program, whose drivers speak the protocols themselves";
	if (!file->is_dynamic || !file->loader[0])
		return "statically linked: nothing can be preloaded";
	if (strstr(file->loader, "ld-musl"))
		return "a musl program, for which there is no shim in this version";
	return NULL;
}

const char *program_refused(int code)
{
	return code == -ENOEXEC ? "neither a script nor an ELF file" : "damaged or cannot be read";
}

const char *program_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}
