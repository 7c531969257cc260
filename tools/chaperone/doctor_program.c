/* SPDX-License-Identifier: MIT */
/* A command: where it is, what starts it, whether a preloaded library gets into it, which clients it would load. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "tools/chaperone/clients.h"
#include "tools/chaperone/libraries.h"

#define SCRIPT_DEPTH_MAX 4
#define LINE_MAX_BYTES	 256 /* BINPRM_BUF_SIZE of Linux */

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

/* postgresql-common's pg_wrapper picks the newest installed version of the program whose name it was called by. */
static bool find_wrapped(const char *path, char ret_path[PATH_MAX])
{
	char canonical[PATH_MAX], pattern[PATH_MAX];
	const char *slash = strrchr(path, '/');
	glob_t found;

	if (!slash || !realpath(path, canonical) || !slice_ends_with(slice_of(canonical), "/pg_wrapper") ||
	    snprintf(pattern, sizeof(pattern), "/usr/lib/postgresql/*/bin%s", slash) >= PATH_MAX ||
	    glob(pattern, 0, NULL, &found) != 0)
		return false;
	snprintf(ret_path, PATH_MAX, "%s", found.gl_pathv[found.gl_pathc - 1]);
	globfree(&found);
	return true;
}

/* AT_SECURE: the loader takes no preload from the environment (ld.so(8)). */
static const char *changes_user(const char *path)
{
	struct stat status;

	if (stat(path, &status) == 0 && (status.st_mode & S_ISUID))
		return "set-user-ID";
	if (stat(path, &status) == 0 && (status.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP))
		return "set-group-ID";
	return getxattr(path, "security.capability", NULL, 0) > 0 ? "a program with capabilities" : NULL;
}

static void say_client(struct doctor *doctor, const struct client *client, const char *where)
{
	doctor_say(doctor, client->level, client->database, "%s%s%s   %s",
		   client->level == DOCTOR_PROBLEM ? "NOT GOVERNED   " : "", client->how,
		   client->level == DOCTOR_GOOD ? "   governed" : "", where);
}

static size_t look_at_library(struct doctor *doctor, const char *name, const char *path)
{
	for (size_t i = 0; i < CLIENT_LIBRARY_COUNT; i++) {
		if (!slice_starts_with(slice_of(name), CLIENT_LIBRARIES[i].prefix))
			continue;
		say_client(doctor, &CLIENT_LIBRARIES[i].client, path ? path : "(not found)");
		return 1;
	}
	return 0;
}

static size_t look_at_name(struct doctor *doctor, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t found = 0;

	for (size_t i = 0; i < CLIENT_PROGRAM_COUNT; i++) {
		if (strcmp(slash ? slash + 1 : path, CLIENT_PROGRAMS[i].name) == 0) {
			say_client(doctor, &CLIENT_PROGRAMS[i].client, path);
			found++;
		}
	}
	return found;
}

static void look_at_libraries(struct doctor *doctor, const char *path, const struct elf_file *file)
{
	SCOPED(libraries_done) struct libraries libraries = { .count = 0 };
	size_t said = doctor->said, found;

	if (libraries_of(path, file, &libraries) < 0)
		doctor_say(doctor, DOCTOR_NOTE, "libraries", "there is no memory to look at all of them");
	found = look_at_name(doctor, path);
	for (size_t i = 0; i < libraries.count; i++)
		found += look_at_library(doctor, libraries.names[i], libraries.paths[i]);
	doctor_modules(doctor, path);
	if (found == 0 && doctor->said == said)
		doctor_say(doctor, DOCTOR_NOTE, "clients", "none that is known; what it loads or starts later cannot be seen");
}

/* Why nothing that is preloaded gets into this program, or NULL. */
static const char *unreachable(const struct elf_file *file)
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

static void look_at_program(struct doctor *doctor, const char *path)
{
	struct elf_file file = ELF_FILE_EMPTY;
	char canonical[PATH_MAX];
	const char *secure = changes_user(path);
	int r = elf_file_read(path, &file);

	if (r < 0) {
		doctor_say(doctor, DOCTOR_PROBLEM, "program", "%s is %s", path,
			   r == -ENOEXEC ? "neither a script nor an ELF file" : "damaged or cannot be read");
		return;
	}
	const char *why = unreachable(&file);
	doctor_say(doctor, DOCTOR_GOOD, "program", "%s%s%s", path, realpath(path, canonical) ? " → " : "",
		   realpath(path, canonical) ? canonical : "");
	if (secure)
		doctor_say(doctor, DOCTOR_PROBLEM, "program", "NOT GOVERNED   %s: the loader ignores what is preloaded", secure);
	if (why)
		doctor_say(doctor, DOCTOR_PROBLEM, "program", "NOT GOVERNED   %s", why);
	if (file.is_native && file.is_dynamic)
		look_at_libraries(doctor, path, &file);
	elf_file_done(&file);
}

void doctor_program(struct doctor *doctor, const char *name)
{
	char asked[PATH_MAX], path[PATH_MAX], interpreter[PATH_MAX];

	if (snprintf(asked, sizeof(asked), "%s", name) >= PATH_MAX)
		asked[0] = '\0';
	for (int depth = 0; depth < SCRIPT_DEPTH_MAX; depth++) {
		if (!find(asked, path)) {
			doctor_say(doctor, DOCTOR_PROBLEM, "program", "%s is not found, or cannot be executed", asked);
			return;
		}
		if (!find_wrapped(path, interpreter) && !find_interpreter(path, interpreter)) {
			look_at_program(doctor, path);
			return;
		}
		doctor_say(doctor, DOCTOR_GOOD, "script", "%s → %s", path, interpreter);
		memcpy(asked, interpreter, sizeof(asked));
	}
	doctor_say(doctor, DOCTOR_PROBLEM, "program", "%s: scripts of scripts", name);
}
