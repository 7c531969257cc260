/* SPDX-License-Identifier: MIT */
/* Looking at a program's mode, capabilities and ELF header, through scripts, as the kernel does. */
#include "shim/escape/target.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "common/cleanup.h"
#include "common/slice.h"

#define SCRIPT_DEPTH_MAX 5   /* BINPRM recursion of Linux */
#define SCRIPT_LINE_MAX  256 /* BINPRM_BUF_SIZE */
#define SEGMENTS_LOOKED  64
#define PATH_DEFAULT     "/bin:/usr/bin" /* execvp(3) without PATH */

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#else
#error "which machine's programs can load this library?"
#endif

/* A path that means the target from anywhere in this process; also through a descriptor that cannot
 * be read (O_PATH). NULL when it does not fit. */
static const char *whole_path(const struct target *target, char room[PATH_MAX])
{
	if (target->path[0] == '/' || (target->folder == AT_FDCWD && target->path[0]))
		return target->path;
	int length = snprintf(room, PATH_MAX, "/proc/self/fd/%d%s%s", target->folder,
			      target->path[0] ? "/" : "", target->path);
	return length > 0 && length < PATH_MAX ? room : NULL;
}

/* Such a file may be executable without being readable. */
static bool has_capabilities(const struct target *target)
{
	char room[PATH_MAX];
	const char *path = whole_path(target, room);

	return !path || getxattr(path, "security.capability", NULL, 0) > 0;
}

/* As cap_bprm_creds_from_file of Linux: secure when the ids change, or when somebody who is not
 * root gains. */
static bool changes_user(const struct stat *status, const struct target *target)
{
	uid_t user = status->st_mode & S_ISUID ? status->st_uid : geteuid();
	bool sets_group = (status->st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP);
	gid_t group = sets_group ? status->st_gid : getegid();

	if (user != getuid() || group != getgid())
		return true;
	return getuid() != 0 && has_capabilities(target);
}

static bool has_loader(int fd, const ElfW(Ehdr) * header)
{
	ElfW(Phdr) segment;

	for (unsigned i = 0; i < header->e_phnum && i < SEGMENTS_LOOKED; i++) {
		off_t at = (off_t)(header->e_phoff + i * sizeof(segment));

		if (pread(fd, &segment, sizeof(segment), at) != (ssize_t)sizeof(segment))
			return true; /* damaged: the kernel's to refuse */
		if (segment.p_type == PT_INTERP)
			return true;
	}
	return false;
}

static bool is_unreachable(int fd, const char *begin, size_t length)
{
	ElfW(Ehdr) header;

	if (length < sizeof(header) || memcmp(begin, ELFMAG, SELFMAG) != 0)
		return false;
	memcpy(&header, begin, sizeof(header));
	return header.e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) ||
	       header.e_machine != MACHINE || !has_loader(fd, &header);
}

/* Cuts the interpreter's path out of a script's first bytes, behind which there is room for a NUL; NULL
 * when it is no script. */
static const char *interpreter(char *begin, size_t length)
{
	size_t from = 2, to;

	if (length < 3 || begin[0] != '#' || begin[1] != '!')
		return NULL;
	while (from < length && (begin[from] == ' ' || begin[from] == '\t'))
		from++;
	for (to = from; to < length && !memchr(" \t\n", begin[to], 4); to++)
		continue;
	begin[to] = '\0';
	return begin + from;
}

static bool is_unknown(const struct target *target)
{
	return target->folder == TARGET_FOLDER_UNKNOWN && target->path[0] && target->path[0] != '/';
}

static int open_target(const struct target *target)
{
	char room[PATH_MAX];
	const char *path = whole_path(target, room);

	return path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) : -1;
}

static bool is_file(const struct target *target, struct stat *ret_status)
{
	int flags = target->flags & (AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW);

	return fstatat(target->folder, target->path, ret_status, flags) == 0 &&
	       S_ISREG(ret_status->st_mode);
}

/* Looks at one file; `line` receives the interpreter's path when it is a script, and is empty
 * otherwise. */
static enum target_kind look_at(const struct target *target, char line[SCRIPT_LINE_MAX])
{
	char begin[SCRIPT_LINE_MAX + 1];
	struct stat status;

	line[0] = '\0';
	if (is_unknown(target))
		return TARGET_UNKNOWN;
	if (!is_file(target, &status))
		return TARGET_ORDINARY;
	SCOPED(close_p) int fd = open_target(target);
	ssize_t length = fd >= 0 ? pread(fd, begin, SCRIPT_LINE_MAX, 0) : -1;
	const char *next = length > 0 ? interpreter(begin, (size_t)length) : NULL;
	if (next) { /* Linux ignores a script's own bits */
		memcpy(line, next, strlen(next) + 1);
		return TARGET_ORDINARY;
	}
	if (changes_user(&status, target))
		return TARGET_OTHER_USER;
	return length > 0 && is_unreachable(fd, begin, (size_t)length) ? TARGET_STATIC
								       : TARGET_ORDINARY;
}

static enum target_kind follow(const struct target *target)
{
	struct target at = *target;
	char line[SCRIPT_LINE_MAX], next[SCRIPT_LINE_MAX];
	enum target_kind kind = look_at(&at, line);

	for (int depth = 0; depth < SCRIPT_DEPTH_MAX && line[0]; depth++) {
		memcpy(next, line, sizeof(next));
		at = (struct target){ .folder = target->working, .path = next };
		kind = look_at(&at, line);
	}
	return kind;
}

/* As execvp(3): the first file of that name which can be executed. */
static enum target_kind search(const struct target *target)
{
	const char *name = target->path;
	const char *variable = getenv("PATH");
	struct slice folders = slice_of(variable ? variable : PATH_DEFAULT);
	char path[PATH_MAX];
	size_t length = strlen(name);

	while (folders.at) {
		struct slice folder = slice_cut(&folders, ':');
		size_t slash = folder.length > 0;

		if (folder.length + slash + length >= sizeof(path))
			continue;
		if (folder.length > 0)
			memcpy(path, folder.at, folder.length);
		memcpy(path + folder.length, "/", slash);
		memcpy(path + folder.length + slash, name, length + 1);
		struct target found = { .folder = target->working,
					.path = path,
					.working = target->working };
		if (is_unknown(&found) || faccessat(found.folder, path, X_OK, 0) == 0)
			return follow(&found);
	}
	return TARGET_ORDINARY;
}

enum target_kind target_look(const struct target *target)
{
	if (!target->path)
		return TARGET_ORDINARY;
	if (target->is_searched && target->path[0] && !strchr(target->path, '/'))
		return search(target);
	return follow(target);
}
