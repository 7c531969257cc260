/* SPDX-License-Identifier: MIT */
/* $HOME, or what the name service says. */
#include "tools/command/home.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#define ENTRY_MAX (16 * KIB)

static int join(const char *home, const char *below, char *ret_path, size_t size)
{
	int n = snprintf(ret_path, size, "%s/%s", home, below);

	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

int home_path(const char *below, char *ret_path, size_t size)
{
	const char *home = getenv("HOME");
	struct passwd entry, *found = NULL;
	char memory[ENTRY_MAX];

	if (home && home[0] == '/')
		return join(home, below, ret_path, size);
	int code = getpwuid_r(geteuid(), &entry, memory, sizeof(memory), &found);
	if (!found || entry.pw_dir[0] != '/')
		return code ? -code : -ENOENT;
	return join(entry.pw_dir, below, ret_path, size);
}

const char *home_xdg(const char *variable)
{
	const char *value = getenv(variable);

	return value && value[0] == '/' ? value : NULL;
}

int home_state_path(const char *below, char *ret_path, size_t size)
{
	const char *state = home_xdg("XDG_STATE_HOME");
	char tail[PATH_MAX];

	if (state)
		return join(state, below, ret_path, size);
	int r = join(".local/state", below, tail, sizeof(tail));
	return r < 0 ? r : home_path(tail, ret_path, size);
}
