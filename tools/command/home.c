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

static int base_path(const char *variable, const char *otherwise, const char *below, char *ret_path,
		     size_t size)
{
	const char *base = home_xdg(variable);
	char tail[PATH_MAX];

	if (base)
		return join(base, below, ret_path, size);
	int r = join(otherwise, below, tail, sizeof(tail));
	return r < 0 ? r : home_path(tail, ret_path, size);
}

int home_state_path(const char *below, char *ret_path, size_t size)
{
	return base_path("XDG_STATE_HOME", ".local/state", below, ret_path, size);
}

int home_config_path(const char *below, char *ret_path, size_t size)
{
	return base_path("XDG_CONFIG_HOME", ".config", below, ret_path, size);
}
