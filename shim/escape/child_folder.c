/* SPDX-License-Identifier: MIT */
/* Following file actions backwards, to the last one that changes the folder and to where its
 * descriptor comes from.
 *
 * The list is read as glibc has it since 2.3 (posix/spawn_int.h), whose kinds of actions only grew.
 * Standing in for the functions that fill it would be state about somebody else's memory: the list
 * may be copied, be on a stack that is in use again, or come from a library that is bound past us.  A
 * list that does not look like one is not followed. */
#include "shim/escape/child_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ACTIONS_MAX 4096
#define DEPTH_MAX   16 /* folders that are relative to one another */

enum action_kind {
	ACTION_CLOSE,
	ACTION_DUP2,
	ACTION_OPEN,
	ACTION_CHDIR,
	ACTION_FCHDIR,
	ACTION_CLOSEFROM,
	ACTION_TCSETPGRP,
	ACTION_KINDS,
};

struct action {
	unsigned kind;
	union {
		const char *path; /* ACTION_CHDIR */
		struct {
			int fd;
			int copy; /* ACTION_DUP2 */
			const char *path;
			int flags;
			mode_t mode;
		} opened; /* ACTION_OPEN; the others have the descriptor alone */
	};
};
_Static_assert(sizeof(struct action) == 32 && offsetof(struct action, opened.copy) == 12 &&
		       offsetof(struct action, opened.path) == 16,
	       "struct __spawn_action");

struct list {
	const struct action *actions;
	int depth_left;
};

static bool is_understood(const struct action *action)
{
	switch (action->kind) {
	case ACTION_CHDIR:
		return action->path != NULL;
	case ACTION_OPEN:
		return action->opened.fd >= 0 && action->opened.path;
	case ACTION_DUP2:
		return action->opened.fd >= 0 && action->opened.copy >= 0;
	default:
		return action->kind < ACTION_KINDS && action->opened.fd >= 0;
	}
}

static bool are_understood(const posix_spawn_file_actions_t *actions)
{
	const struct action *list = (const void *)actions->__actions;

	if (actions->__used < 0 || actions->__used > actions->__allocated ||
	    actions->__used > ACTIONS_MAX || (uintptr_t)list % _Alignof(struct action) != 0)
		return false;
	for (int i = 0; i < actions->__used; i++) {
		if (!list || !is_understood(&list[i]))
			return false;
	}
	return true;
}

/* Whether the child will not come there either: it may have fewer rights than we, under
 * POSIX_SPAWN_RESETIDS, but none that we lack unless our ids differ. */
static int explain(int code)
{
	switch (code) {
	case ENOENT:
	case ENOTDIR:
	case ELOOP:
	case ENAMETOOLONG:
	case EBADF:
		return -ENOENT;
	case EACCES:
		return geteuid() == getuid() && getegid() == getgid() ? -ENOENT : -ENOTSUP;
	default:
		return -ENOTSUP;
	}
}

static int open_at(int folder, const char *path, int *ret_folder)
{
	int fd = openat(folder, path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return explain(errno);
	*ret_folder = fd;
	return 0;
}

/* What such a path means depends on who asks: the child has other descriptors and another folder.
 * Links that lead there are not noticed. */
static bool is_of_process(const char *path)
{
	return strncmp(path, "/proc/", 6) == 0 || strncmp(path, "/dev/fd", 7) == 0;
}

static int folder_before(struct list *list, int count, int *ret_folder);

/* Opens `path` as action number `count` would. */
static int open_before(struct list *list, int count, const char *path, int *ret_folder)
{
	SCOPED(close_p) int folder = AT_FDCWD;

	if (is_of_process(path) || list->depth_left-- == 0)
		return -ENOTSUP;
	int r = path[0] == '/' ? 0 : folder_before(list, count, &folder);
	return r < 0 ? r : open_at(folder, path, ret_folder);
}

/* Opens the folder that descriptor `fd` is when action number `count` uses it. */
static int reopen_before(struct list *list, int count, int fd, int *ret_folder)
{
	while (count-- > 0) {
		const struct action *action = &list->actions[count];

		if (action->kind == ACTION_DUP2 && action->opened.copy == fd)
			fd = action->opened.fd;
		else if (action->kind == ACTION_OPEN && action->opened.fd == fd)
			return open_before(list, count, action->opened.path, ret_folder);
		else if ((action->kind == ACTION_CLOSE && action->opened.fd == fd) ||
			 (action->kind == ACTION_CLOSEFROM && action->opened.fd <= fd))
			return -ENOENT;
	}
	return open_at(fd, ".", ret_folder);
}

static int folder_before(struct list *list, int count, int *ret_folder)
{
	while (count-- > 0) {
		const struct action *action = &list->actions[count];

		if (action->kind == ACTION_CHDIR)
			return open_before(list, count, action->path, ret_folder);
		if (action->kind == ACTION_FCHDIR)
			return reopen_before(list, count, action->opened.fd, ret_folder);
	}
	*ret_folder = AT_FDCWD;
	return 0;
}

int child_folder(const posix_spawn_file_actions_t *actions, int *ret_folder)
{
	*ret_folder = AT_FDCWD;
	if (!actions)
		return 0;
	if (!are_understood(actions))
		return -ENOTSUP;
	struct list list = { (const void *)actions->__actions, DEPTH_MAX };
	return folder_before(&list, actions->__used, ret_folder);
}
